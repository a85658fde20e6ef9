"""`duban notify link`, as an operator types it."""

from collections.abc import Iterator

import httpx
import pytest

from tests.cli.terminal import Terminal


@pytest.fixture(scope="module")
def duban(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """Return a running duban."""
    with Terminal(tmp_path_factory.mktemp("link") / "data").running() as terminal:
        yield terminal


def test_a_link_is_printed_and_revoked(duban: Terminal) -> None:
    """The address alone on standard output, at the origin of the page."""
    done = duban("notify", "link", "市残联")
    address = done.stdout.strip()
    assert done.returncode == 0
    assert address.startswith(f"http://127.0.0.1:{duban.port + 1}/v1/zhanjiang/units/%E5%B8%82%E6%AE%8B%E8%81%94/")
    assert len(address.partition("?key=")[2]) == 22
    assert httpx.get(address).status_code == 200
    assert duban("notify", "link", "市残联", "--revoke").returncode == 0
    assert httpx.get(address).status_code == 404
    assert duban("notify", "link", "市残联", "--revoke").returncode == 1


def test_what_is_no_unit_has_no_link(duban: Terminal) -> None:
    """The message names it."""
    done = duban("notify", "link", "没有的单位")
    assert (done.returncode, done.stdout) == (2, "")
    assert "没有的单位" in done.stderr
