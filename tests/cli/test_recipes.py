"""The README's recipes for publishers in any language, run as they stand: accepted, and a duplicate when sent again."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.common.settings import shipped
from tests.cli.terminal import CLEAN, Terminal
from tests.cli.test_readme import READMES, ROOT

TABLE = str(shipped("zhanjiang-2017-key-tasks.txt"))

RECIPES = {
    "curl": ("bash", "r-2018-03"),
    "the CloudEvents SDK for Python": ("python", "r-2018-04"),
    "the CloudEvents SDK for Node": ("js", "r-2018-05"),
    "redis-cli": ("sh", "r-2018-06"),
    "FastStream": ("python", "r-2018-07"),
}
"""Each recipe's language and the id of the event that it publishes."""

COMMANDS = {"bash": ["bash"], "sh": ["bash"], "python": [sys.executable], "js": ["node"]}

NEEDED = {"curl": "curl", "redis-cli": "redis-cli", "the CloudEvents SDK for Node": "npm"}
"""Programs that have to be there."""


def recipes(readme: str) -> dict[str, str]:
    """Return the text of each recipe."""
    found = re.findall(r"```(\w+)\n(.*?)```", (ROOT / readme).read_text(encoding="utf-8"), re.DOTALL)
    return {
        name: next(text for kind, text in found if kind == language and id in text)
        for name, (language, id) in RECIPES.items()
    }


@pytest.fixture(scope="module")
def duban(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """Return a duban as a publisher finds it: in `.duban`, with the table of 2017 assigned."""
    with Terminal(tmp_path_factory.mktemp("recipes") / ".duban").running() as terminal:
        assert terminal("import", TABLE, "--plan", "zj-2017", "--issued", "2017-08-01").returncode == 0
        yield terminal


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_publishes_its_event_once(duban: Terminal, name: str) -> None:
    """Run as it stands it prints that the event is accepted; run again, that it is a duplicate at the same position."""
    program = NEEDED.get(name)
    if program is not None and shutil.which(program) is None:
        pytest.skip(f"there is no {program} here")
    language, id = RECIPES[name]
    directory = duban.data.parent
    if language == "js":
        _install(directory)
    file = directory / {"js": "recipe.mjs"}.get(language, "recipe")
    file.write_text(recipes(READMES[0])[name].replace("127.0.0.1:8801", f"127.0.0.1:{duban.port}"), encoding="utf-8")
    first, second = (_outcome(_run([*COMMANDS[language], file.name], directory)) for _ in range(2))
    assert first == {"source": "units", "id": id, "outcome": "accepted", "position": first["position"]}
    assert second == {**first, "outcome": "duplicate"}


def test_both_languages_have_the_same_recipes() -> None:
    """The sisters differ in language alone."""
    assert recipes(READMES[0]) == recipes(READMES[1])


def _run(command: list[str], directory: Path) -> str:
    address = json.loads((directory / ".duban" / "run.json").read_bytes())["redis_url"]
    done = subprocess.run(
        command,
        cwd=directory,
        env={**CLEAN, "REDIS_URL": address, "PYTHONWARNINGS": "error"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def _outcome(printed: str) -> dict[str, object]:
    """Return the last outcome that was printed."""
    outcome: dict[str, object] = json.loads(re.findall(r'{"source".*}', printed)[-1])
    return outcome


def _install(directory: Path) -> None:
    """Install the SDK as its users do; where no registry can be reached, the recipe cannot be run."""
    command = ["npm", "install", "--no-audit", "--no-fund", "cloudevents"]
    try:
        done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=120, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip("npm install cloudevents: the registry does not answer")
    if done.returncode:
        pytest.skip(f"npm install cloudevents: {done.stderr.strip()[-300:]}")
