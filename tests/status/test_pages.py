"""The page over HTTP: one shell for every address, files that are kept for ever, and a policy that lets nothing out."""

import gzip
import re
from pathlib import Path, PurePosixPath

import httpx
import pytest

from services.status.assets import MEDIA_TYPES, WEB, Assets, imported, load
from tests.status.status_client import LEDGER, History, StatusService

BUDGET_BYTES = 120_000
"""Compressed bytes of all files of the page; a first view needs some of them (tests/browser/test_sizes.py)."""

ADDRESSES = (
    "",
    "?light=red&as_of=2018-12-31",
    "tasks/zj-2017-08",
    "units",
    "units/%E5%B8%82%E6%AE%8B%E8%81%94",
    "calendar",
)


@pytest.fixture(scope="module")
def assets() -> Assets:
    """Return the files of the page."""
    return load()


async def test_every_address_serves_the_shell_without_data(service: StatusService, history: History) -> None:
    """Without a token, as it has no data; with a policy that allows this origin only."""
    await history.append_examples()
    async with service.running() as client, httpx.AsyncClient(base_url=_base(client.http)) as http:
        for address in ADDRESSES:
            answer = await http.get(f"/{LEDGER}/{address}")
            assert answer.status_code == 200, answer.text
            assert answer.headers["content-type"] == "text/html; charset=utf-8"
            policy = answer.headers["content-security-policy"]
            assert policy.startswith("default-src 'self';")
            assert "unsafe" not in policy
            for rule in ("frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"):
                assert rule in policy
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert answer.headers["cache-control"] == "no-cache"
            assert "湛江" not in answer.text
            again = await http.get(f"/{LEDGER}/{address}", headers={"If-None-Match": answer.headers["etag"]})
            assert (again.status_code, again.content) == (304, b"")


async def test_the_root_leads_to_the_only_ledger(service: StatusService, history: History) -> None:
    """And an address without its last slash to the one with it, its query kept; other ledgers are not found."""
    del history
    async with service.running() as client, httpx.AsyncClient(base_url=_base(client.http)) as http:
        root = await http.get("/")
        assert (root.status_code, root.headers["location"]) == (302, f"/{LEDGER}/")
        bare = await http.get(f"/{LEDGER}?light=red")
        assert (bare.status_code, bare.headers["location"]) == (302, f"/{LEDGER}/?light=red")
        for address in ("/elsewhere/", "/elsewhere/units", "/elsewhere/tasks/a"):
            assert (await http.get(address)).status_code == 404


async def test_the_root_lists_several_ledgers(service: StatusService, history: History) -> None:
    """By their titles, each with its address; a title is text, whatever is in it."""
    del history
    text = (service.ledgers / f"{LEDGER}.toml").read_text(encoding="utf-8")
    other = re.sub(r'^title = ".*"$', 'title = "<b>第二本台账"', text, flags=re.MULTILINE)
    (service.ledgers / "second.toml").write_text(other, encoding="utf-8")
    async with service.running() as client, httpx.AsyncClient(base_url=_base(client.http)) as http:
        answer = await http.get("/")
        assert answer.status_code == 200
        assert f'<a href="/{LEDGER}/">湛江市残疾人工作重点任务</a>' in answer.text
        assert '<a href="/second/">&lt;b&gt;第二本台账</a>' in answer.text
        assert answer.headers["content-security-policy"].startswith("default-src 'self'")


async def test_files_are_compressed_and_kept_for_ever(service: StatusService, history: History, assets: Assets) -> None:
    """Each file of the shell is there under this version, as it is or by gzip; under another version it is not."""
    del history
    async with service.running() as client, httpx.AsyncClient(base_url=_base(client.http)) as http:
        shell = (await http.get(f"/{LEDGER}/")).text
        for address in set(re.findall(r'(?:href|src)="(/static/[^"]+)"', shell)):
            plain = await http.get(address, headers={"Accept-Encoding": "identity"})
            assert plain.status_code == 200, address
            assert "immutable" in plain.headers["cache-control"]
            assert plain.headers["vary"] == "Accept-Encoding"
            assert "content-encoding" not in plain.headers
            async with http.stream("GET", address, headers={"Accept-Encoding": "br, gzip"}) as packed:
                assert packed.headers["content-encoding"] == "gzip"
                assert packed.headers["etag"] != plain.headers["etag"]
                raw = b"".join([part async for part in packed.aiter_raw()])
            assert gzip.decompress(raw) == plain.content
        main = f"/static/{assets.version}/js/main.js"
        assert (await http.get(main)).status_code == 200
        for wrong in (
            f"/static/0{assets.version[1:]}x/js/main.js",
            main + "x",
            main.replace("js/main.js", "index.html"),
        ):
            assert (await http.get(wrong)).status_code == 404
        refused = await http.get(main, headers={"Accept-Encoding": "gzip;q=0"})
        assert "content-encoding" not in refused.headers


def test_all_files_together_are_small(assets: Assets) -> None:
    """The page, whole, is within a budget."""
    sizes = [len(asset.compressed) for asset in assets.files.values()] + [len(assets.shell.compressed)]
    assert sum(sizes) <= BUDGET_BYTES


def test_a_change_of_any_file_changes_the_addresses(tmp_path: Path) -> None:
    """So a browser that keeps files for ever never mixes versions."""
    (tmp_path / "js/views").mkdir(parents=True)
    (tmp_path / "index.html").write_text("{{static}}", encoding="utf-8")
    (tmp_path / "js/main.js").write_text('import "./other.js";', encoding="utf-8")
    (tmp_path / "js/other.js").write_text("", encoding="utf-8")
    (tmp_path / "js/views/board.js").write_text('import "../other.js";', encoding="utf-8")
    first = load(tmp_path)
    (tmp_path / "js/other.js").write_text("// changed", encoding="utf-8")
    second = load(tmp_path)
    assert first.version != second.version
    assert second.shell.plain.decode() == f"/static/{second.version}"


def test_every_import_leads_to_a_file_and_nothing_leads_elsewhere() -> None:
    """Modules import files of the page by relative paths; no file names another origin, but for namespaces."""
    contents = {path.relative_to(WEB).as_posix(): path.read_bytes() for path in WEB.rglob("*.js")}
    for name in contents:
        if not name.endswith(("early.js", "loading.js")):
            assert set(imported(name, contents)) <= contents.keys()
    for path in WEB.rglob("*"):
        if path.suffix in MEDIA_TYPES and "vendor" not in PurePosixPath(path.relative_to(WEB)).parts:
            text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
            assert not re.search(r"(https?:)?//[a-z0-9.-]+\.[a-z]{2,}/", text), path


def _base(http: httpx.AsyncClient) -> str:
    return str(http.base_url).partition("/v1/")[0]
