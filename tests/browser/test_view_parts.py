"""The views' pure parts and the rail, run where they run: deadlines put off, reading again, the knob's keys, words."""

from collections.abc import Iterator, Sequence
from typing import Any, get_args

from playwright.async_api import Page

from events.alert_rule import Trigger
from services.cli.alert_plan import REASONS as DROPPED
from services.cli.board import REASONS, STATES
from services.notify.alerts import Alert
from services.notify.settling import Reason
from services.notify.words.chinese import ChineseWords
from services.status.export.words import WORDS
from tests.browser.history import START
from tests.browser.reader import module

REVISIONS = """async (address) => {
  const { revisions } = await import(address);
  const event = (type, position, data) => ({ type: `duban.${type}.v1`, id: `e-${position}`, position, data });
  const dues = (deadline) => revisions([
    event("task.assigned", 1, { deadline }),
    event("extension.requested", 2, { proposed_due: "2021-02-01" }),
    event("extension.granted", 3, { request_id: "e-2" }),
  ]).map(({ due }) => due);
  return [
    { kind: "fixed", due: "2020-01-01" },
    { kind: "ambiguous", strict: "2019-12-01", loose: "2020-01-01" },
    { kind: "recurring", every: "year", first: "2018-01-01" },
    { kind: "milestones", milestones: [{ due: "2020-01-01" }, { due: "2022-01-01" }] },
    { kind: "ongoing" },
  ].map(dues);
}"""

REREAD = """async (address) => {
  const { reread } = await import(address);
  const shown = [], answers = [], reads = [];
  const ctx = { update: (change) => shown.push(change({}).rows) };
  const read = () => new Promise((resolve) => answers.push((rows) => resolve({ rows })));
  const settled = async () => {
    await new Promise((resolve) => setTimeout(resolve, 50));
    reads.push(answers.length);
  };
  const changes = () => [1, 2].forEach(() => reread(ctx, read, 0));
  changes();
  await settled();
  changes();
  await settled();
  answers[0]("older");
  await settled();
  answers[1]("newer");
  await settled();
  return { reads, shown };
}"""

KNOB = """async ([railAt, lit]) => {
  const { rail } = await import(railAt);
  const { html, nothing, render } = await import(lit);
  const gone = [];
  const days = ["2018-03-01", "2018-04-02", "2018-04-03"].map((day) => ({ day }));
  const ctx = {
    html, nothing, lang: "zh", t: (key) => key, asOf: null, today: { at: "2018-04-04T09:00:00+08:00", days },
    go: (params) => gone.push(params.get("as_of")),
  };
  const place = document.body.appendChild(document.createElement("div"));
  render(rail({ day: "2018-04-04", days: [{ day: "2018-03-01" }], dues: [] }, ctx), place);
  const knob = place.querySelector("[type=range]");
  const press = (key, held) => knob.dispatchEvent(new KeyboardEvent("keydown", { key, cancelable: true, ...held }));
  const kept = press("ArrowLeft", { altKey: true });
  const said = [1, 2, 3].map(() => press("ArrowLeft") || knob.getAttribute("aria-valuetext"));
  await new Promise((resolve) => setTimeout(resolve, 400));
  press("ArrowRight");
  place.remove();
  await new Promise((resolve) => setTimeout(resolve, 400));
  return { kept, said, gone };
}"""


SAID = """async ([table, keys, ...words]) => {
  const { translate } = await import(table);
  await Promise.all(words.map((file) => import(file)));
  return keys.map((key) => [translate("zh", key), translate("en", key)]);
}"""

UNIT_WORDS = {name: name for name in ("led", "joined", "open", "closed", "overdue", "due_soon")} | {
    "on_time_rate": "rate",
    "mean_days_late": "days",
    "last_report_at": "reported",
}
"""The figures of a unit: names of their words on the page, and in exports, where a unit of measure follows."""


async def test_the_first_due_of_one_of_several_is_not_guessed(modules: Page) -> None:
    """Of an occurrence or a step that was put off, no first due day is told; of a single day, it is."""
    assert await modules.evaluate(REVISIONS, await module(modules, "js/parts/revisions.js")) == [
        ["2020-01-01", "2021-02-01"],
        ["2020-01-01", "2021-02-01"],
        [None, "2021-02-01"],
        [None, "2021-02-01"],
        [None, "2021-02-01"],
    ]


async def test_no_answer_overtakes_another(modules: Page) -> None:
    """Changes during a read have one more follow it, so that the newest answer is the last."""
    found: Any = await modules.evaluate(REREAD, await module(modules, "js/parts/reread.js"))
    assert found == {"reads": [1, 1, 2, 2], "shown": ["older", "newer"]}


async def test_each_press_moves_the_knob_and_the_last_one_is_read(modules: Page) -> None:
    """From where it is, among the days known by now; a page that was left goes nowhere; Alt and ← are the browser's."""
    addresses = [await module(modules, path) for path in ("js/board/rail.js", "vendor/lit-html/lit-html.js")]
    assert await modules.evaluate(KNOB, addresses) == {
        "kept": True,
        "said": ["2018年4月3日", "2018年4月2日", "2018年3月1日"],
        "gone": ["2018-03-01"],
    }


async def test_one_thing_has_one_name(modules: Page) -> None:
    """Reasons, states, outcomes and figures are called the same on the page, in exports and at the terminal."""
    addresses = [
        await module(modules, f"js/{path}.js") for path in ("words", "words/core", "words/units", "words/alerts")
    ]
    shared = [key for key in WORDS if key.startswith(("light.", "reason.", "state.", "outcome."))]
    dropped = {f"dropped.{reason}": DROPPED[reason] for reason in get_args(Reason)}
    triggers = {f"trigger.{on}": word.partition("，")[0] for on, word in _trigger_words()}
    keys = [*shared, *dropped, *triggers, *(f"unit.{name}" for name in UNIT_WORDS), "live.position"]
    found: Any = await modules.evaluate(SAID, [addresses[0], keys, *addresses[1:]])
    said = dict(zip(keys, found, strict=True))
    for key in shared:
        assert (said[key][0], said[key][1].casefold()) == (WORDS[key][0], WORDS[key][1].casefold())
    for name, exported in UNIT_WORDS.items():
        assert WORDS[f"unit.{exported}"][0].partition("（")[0] == said[f"unit.{name}"][0]
    assert {key: said[key][0] for key in dropped} == dropped
    assert {key: said[key][0] for key in triggers} == triggers
    assert said["live.position"][0].startswith(WORDS["task.position"][0])
    assert all(said[f"reason.{reason}"][0] == text for reason, text in REASONS.items())
    assert all(said[f"state.{state}"][0] == text for state, text in STATES.items())


def _trigger_words() -> Iterator[tuple[str, str]]:
    """Yield the triggers whose word in messages has no number of its own, with that word."""
    events: Sequence[Trigger] = ("submitted", "returned", "requested", "granted", "refused", "urged", "reassigned")
    for on in (*events, "silent", "weekly"):
        yield on, ChineseWords().word(Alert("a", START, on, "市残联", on))
