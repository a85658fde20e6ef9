"""The README's commands, run as they stand, in their order."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.common.settings import load_ledger
from tests.cli.terminal import CLEAN, Terminal

ROOT = Path(__file__).parents[2]
READMES = ("README.md", "README.zh-CN.md")

VALUES = dict.fromkeys(("wecom", "dingtalk", "feishu"), "robots-key") | {
    "secret": "SEC0",
    "webhook": "https://b.cn/hook",
}
"""In place of the words that examples have for addresses and secrets."""


def blocks(readme: str) -> list[str]:
    """Return the blocks of commands."""
    return re.findall(r"```bash\n(.*?)```", (ROOT / readme).read_text(encoding="utf-8"), re.DOTALL)


def commands(readme: str) -> list[str]:
    """Return the commands; one may go over several lines, inside quotes or after a backslash."""
    found: list[str] = []
    for line in "".join(blocks(readme)).splitlines():
        whole = not found or (found[-1].count("'") % 2 == 0 and not found[-1].endswith("\\"))
        if whole:
            found.append(line)
        else:
            found[-1] += "\n" + line
    return found


@pytest.fixture
def duban(tmp_path: Path) -> Iterator[Terminal]:
    """Return a duban as `duban up` runs it in a checkout."""
    (tmp_path / "deploy").symlink_to(ROOT / "deploy")
    with Terminal(tmp_path / ".duban").running() as terminal:
        yield terminal


def test_every_command_works_as_it_stands(duban: Terminal) -> None:
    """A stranger who types them in this order sees each succeed; the other README has the same, as is tested below."""
    path = os.pathsep.join([str(Path(sys.executable).parent), CLEAN["PATH"]])
    output: dict[str, str] = {}
    for command in commands(READMES[0]):
        here = command
        for number in range(3):
            here = here.replace(f"127.0.0.1:{8801 + number}", f"127.0.0.1:{duban.port + number}")
        done = subprocess.run(
            ["bash", "-c", here],
            cwd=duban.data.parent,
            env={**CLEAN, "PATH": path},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        output[command] = done.stdout
    assert len(output) >= 15
    shown = "\n".join(output.values())
    assert "accepted 27, duplicate 0, refused 0" in shown
    assert '{"source":"units","id":"r-2018-03","outcome":"accepted","position":40}' in shown
    assert "all is well" in shown
    assert '"findings":[]' in shown
    assert "/zhanjiang/#code=" in shown
    assert '"status":401' not in shown  # curl succeeds with whatever answer


@pytest.mark.parametrize("readme", READMES)
def test_its_alerts_can_be_added_to_the_shipped_file(tmp_path: Path, readme: str) -> None:
    """Keys go into the section [alerts] that the file has, the other sections below it; none is there twice."""
    text = (ROOT / readme).read_text(encoding="utf-8")
    keys, sections = "", ""
    for example in re.findall(r"(?:^    .*\n|^\n)+", text, re.MULTILINE):
        if "[alerts." in example:
            lines = re.sub("^    ", "", example, flags=re.MULTILINE)
            begin = re.search(r"^\[", lines, re.MULTILINE)
            assert begin is not None
            keys, sections = keys + lines[: begin.start()], sections + lines[begin.start() :]
    for name, value in VALUES.items():
        sections = re.sub(rf'\b{name} = "[^"]*"', f'{name} = "{value}"', sections)
    sections = re.sub('"whsec_[^"]*"', '"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"', sections)
    own, _, _ = (ROOT / "deploy/ledgers/zhanjiang.toml").read_text(encoding="utf-8").partition("[alerts]\n")
    file = tmp_path / "zhanjiang.toml"
    file.write_text(f"{own}[alerts]\n{keys}{sections}", encoding="utf-8")
    alerts = load_ledger(file).alerts
    assert (len(alerts.channels), len(alerts.rules), alerts.group_wait) == (4, 2, "10m")


def test_both_languages_have_the_same_commands() -> None:
    """The sisters differ in language alone."""
    assert blocks(READMES[0]) == blocks(READMES[1])
