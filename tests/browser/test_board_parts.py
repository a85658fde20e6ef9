"""The board's pure parts, run where they run: what a changed row does to a page of rows, and the days of the rail."""

from typing import Any

from playwright.async_api import Page

from tests.browser.reader import module

FOLLOW = """async ([follow, query]) => {
  const { follow: after } = await import(follow);
  const { compare, matches, sort, SORTS } = await import(query);
  const draw = (list) => list[Math.floor(Math.random() * list.length)];
  const at = "2018-12-20T09:00:00+08:00";
  const dues = [null, "2018-12-25T00:00:00+08:00", "2019-01-01T00:00:00+08:00", "2018-12-01T00:00:00+08:00"];
  const drawn = (task, row, position) => ({
    task, row, position, plan: "p", title: `第${row}项`, lead: draw(["甲", "乙"]), section: draw([null, "一"]),
    units: [{ unit: draw(["甲", "乙", "丙"]) }], light: draw(["red", "yellow", "green"]), state: "assigned",
    percent: draw([null, 0, 10, 20, 30]), due: draw(dues),
  });
  const page = (all, params, start, size) => {
    const listed = all.filter((row) => matches(row, params, at)).sort((a, b) => compare(a, b, sort(params)));
    return { rows: listed.slice(start, start + size), next: listed.length > start + size ? "c" : null };
  };
  const tasks = (rows) => rows.map(({ task }) => task).join();
  const has = ({ rows }, row) => rows.some(({ task }) => task === row.task);
  const counts = { same: 0, moved: 0, needless: 0 };
  for (let run = 0; run < 3000; run++) {
    const params = new URLSearchParams({ sort: draw(SORTS) });
    const filters = [["light", "red"], ["lead", "甲"], ["unit", "丙"], ["due", "30"], ["q", "1"]];
    if (Math.random() < 0.5) params.set(...draw(filters));
    const all = Array.from({ length: 24 }, (_, index) => drawn(`t-${index}`, index, index));
    const start = draw([0, 6]);
    const shown = { ...page(all, params, start, 6), trail: start ? ["c"] : [], pending: new Set() };
    const index = Math.floor(Math.random() * 25);
    const row = drawn(`t-${index}`, index, 100);
    const fresh = page([...all.filter(({ task }) => task !== row.task), row], params, start, 6);
    const next = after(shown, row, params, at);
    if (next.rows.length !== shown.rows.length || tasks(next.rows) !== tasks(shown.rows)) return ["a line moved", row];
    if (tasks(fresh.rows) === tasks(shown.rows)) {
      counts.same++;
      counts.needless += next.pending.size;
      if (next.rows.some((one) => one.task === row.task && one.position !== 100)) return ["not changed", row];
    } else if (has(shown, row) || (!start && has(fresh, row))) {
      counts.moved++;
      if (!next.pending.size) return ["not announced", params.toString(), row, shown, fresh];
    }
  }
  return counts;
}"""

RAIL = """async (address) => {
  const { railOf, nearest, stepped, ticks, number, named } = await import(address);
  const events = ["2017-08-01", "2017-08-12", "2017-12-31", "2018-03-01"].map((day) => ({ day, events: 1 }));
  const line = railOf(events, [{ day: "2018-12-31", due: 6 }], "2018-04-01");
  const day = (text) => number(text);
  const step = (from, key) => named(stepped(line.stops, day(from), key));
  return {
    bounds: [named(line.first), named(line.last), named(line.today)],
    nearest: ["2017-08-05", "2017-08-09", "2018-12-01"].map((text) => named(nearest(line.stops, day(text)))),
    left: [step("2018-03-01", "ArrowLeft"), step("2017-08-01", "ArrowLeft")],
    right: [step("2017-08-01", "ArrowRight"), step("2018-04-01", "ArrowUp")],
    ends: [step("2018-01-01", "Home"), step("2018-01-01", "End")],
    page: [step("2018-04-01", "PageDown"), step("2017-08-01", "PageUp")],
    other: stepped(line.stops, day("2018-01-01"), "a"),
    years: ticks(line.first, line.last).filter(({ year }) => year).map(({ day: at, year }) => [named(at), year]),
    months: ticks(day("2017-12-15"), day("2018-02-15")).map(({ day: at }) => named(at)),
    empty: railOf([], [], "2018-04-01").stops.map(named),
  };
}"""


async def test_no_line_moves_and_every_move_is_announced(modules: Page) -> None:
    """For random rows, filters, orders and changes: a changed row is in its place, or announced."""
    found: Any = await modules.evaluate(
        FOLLOW, [await module(modules, "js/board/follow.js"), await module(modules, "js/board/query.js")]
    )
    assert isinstance(found, dict), found
    assert min(found["same"], found["moved"]) > 100
    assert found["needless"] < found["same"] / 10  # at a bound, beyond which other pages lie


async def test_the_slider_stops_at_days_with_events(modules: Page) -> None:
    """By arrows from one to the next, by pages about a month, to both ends; today is the last stop."""
    assert await modules.evaluate(RAIL, await module(modules, "js/board/days.js")) == {
        "bounds": ["2017-08-01", "2019-01-01", "2018-04-01"],
        "nearest": ["2017-08-01", "2017-08-12", "2018-04-01"],
        "left": ["2017-12-31", "2017-08-01"],
        "right": ["2017-08-12", "2018-04-01"],
        "ends": ["2017-08-01", "2018-04-01"],
        "page": ["2018-03-01", "2017-08-12"],
        "other": None,
        "years": [["2018-01-01", 2018], ["2019-01-01", 2019]],
        "months": ["2018-01-01", "2018-02-01"],
        "empty": ["2018-04-01"],
    }
