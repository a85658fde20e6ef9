"""The live connection's state machine and the board's pure parts, run where they run: in Chromium."""

from typing import Any

import pytest
from playwright.async_api import Page

from tests.browser.reader import module

RUN = """async ([address, events]) => {
  const { INITIAL, transition } = await import(address);
  let state = INITIAL;
  return events.map((event) => {
    const [next, effects] = transition(state, event);
    state = next;
    return [state.phase, state.id, effects];
  });
}"""

OPEN = {"type": "opened"}
OK = {"type": "probed", "status": 200, "position": 7}
AWAY = {"type": "probed", "status": 503, "position": 0}
CLOSED = {"type": "closed"}


def lead(id: int = 7) -> dict[str, Any]:
    """Return the event that begins: the tab leads, and its rows are those at a position."""
    return {"type": "lead", "id": id}


@pytest.mark.parametrize(
    ("events", "last"),
    [
        ([lead()], ["opening", 7, [{"open": 7}, "limit"]]),
        ([lead(), OPEN], ["live", 7, ["watch"]]),
        ([lead(), OPEN, {"type": "frame", "id": 9}], ["live", 9, ["watch"]]),
        ([lead(), OPEN, {"type": "frame", "id": 3}], ["live", 7, ["watch"]]),
        ([lead(), OPEN, {"type": "reset", "id": 12}], ["live", 12, ["watch", "refresh"]]),
        ([lead(), OPEN, {"type": "dropped"}], ["opening", 7, ["limit"]]),
        ([lead(), OPEN, CLOSED], ["checking", 7, ["close", "probe"]]),
        ([lead(), OPEN, CLOSED, AWAY], ["waiting", 7, ["close", {"wait": 1}]]),
        ([lead(), OPEN, CLOSED, OK], ["waiting", 7, ["close", {"wait": 1}]]),
        ([lead(), OPEN, CLOSED, AWAY, {"type": "waited"}], ["opening", 7, [{"open": 7}, "limit"]]),
        ([lead(), OPEN, CLOSED, AWAY, {"type": "waited"}, OPEN], ["live", 7, ["watch", "refresh"]]),
        ([lead(), OPEN, CLOSED, AWAY, {"type": "hurry"}], ["opening", 7, [{"open": 7}, "limit"]]),
        ([lead(), OPEN, CLOSED, {"type": "probed", "status": 401, "position": 0}], ["signin", 7, ["close", "signin"]]),
        (
            [lead(), OPEN, CLOSED, {"type": "probed", "status": 401, "position": 0}, {"type": "signedin"}],
            ["opening", 7, [{"open": 7}, "limit"]],
        ),
        ([lead(), OPEN, {"type": "silent"}], ["live", 7, ["probe"]]),
        ([lead(), OPEN, {"type": "silent"}, OK], ["live", 7, ["watch"]]),
        ([lead(5), OPEN, {"type": "silent"}, OK], ["opening", 5, ["close", {"open": 5}, "limit"]]),
        ([lead(), OPEN, {"type": "silent"}, AWAY], ["waiting", 7, ["close", {"wait": 1}]]),
        ([lead(), {"type": "silent"}], ["checking", 7, ["close", "probe"]]),
        ([lead(), OPEN, *[{"type": "silent"}, OK] * 8], ["opening", 7, ["close", {"open": 7}, "limit"]]),
        ([lead(), OPEN, {"type": "resign"}], ["idle", 7, ["close"]]),
        ([lead(), OPEN, {"type": "resign"}, CLOSED], ["idle", 7, []]),
        ([lead(), OPEN, CLOSED, AWAY, OPEN, {"type": "silent"}], ["live", 7, ["probe"]]),
    ],
    ids=lambda value: (
        "-".join(str(one.get("status", one["type"])) for one in value) if isinstance(value[0], dict) else ""
    ),
)
async def test_each_event_has_its_state_and_effects(
    modules: Page, events: list[dict[str, Any]], last: list[Any]
) -> None:
    """An answer other than 200 is followed by a probe, a wait and a new stream; silence by a probe."""
    assert (await modules.evaluate(RUN, [await module(modules, "js/live.js"), events]))[-1] == last


async def test_attempts_are_1_to_30_seconds_apart(modules: Page) -> None:
    """With jitter, and never less than a second, so that a restart is not followed by all browsers at once."""
    waits = await modules.evaluate(
        """async (address) => {
          const { backoff } = await import(address);
          return [1, 2, 3, 4, 5, 20].map((attempt) => [backoff(attempt, 0), backoff(attempt, 1)]);
        }""",
        await module(modules, "js/live.js"),
    )
    assert waits == [[1_000, most] for most in (2_000, 4_000, 8_000, 16_000, 30_000, 30_000)]


async def test_every_way_back_is_found(modules: Page) -> None:
    """From whatever random events lead to, the machine is live again once the service answers and somebody signs in."""
    lost = await modules.evaluate(
        """async (address) => {
          const { INITIAL, transition } = await import(address);
          const types = ["opened", "dropped", "closed", "silent", "waited", "hurry", "signedin"];
          const draw = (list) => list[Math.floor(Math.random() * list.length)];
          const random = () => {
            const kind = Math.random();
            if (kind < 0.2) return { type: "frame", id: Math.floor(Math.random() * 99) };
            if (kind < 0.4) return { type: "probed", status: draw([0, 200, 401, 502, 503]), position: 5 };
            return { type: draw(types) };
          };
          const answer = { opening: { type: "opened" }, waiting: { type: "waited" }, signin: { type: "signedin" },
            checking: { type: "probed", status: 200, position: 5 } };
          for (let run = 0; run < 5000; run++) {
            let [state] = transition(INITIAL, { type: "lead", id: 1 });
            const events = Array.from({ length: 12 }, random);
            for (const event of events) {
              const before = state.id;
              [state] = transition(state, event);
              if (state.id < before) return ["id went back", events];
            }
            for (let step = 0; step < 6 && state.phase !== "live"; step++) {
              [state] = transition(state, answer[state.phase]);
            }
            if (state.phase !== "live") return [state, events];
          }
          return null;
        }""",
        await module(modules, "js/live.js"),
    )
    assert lost is None
