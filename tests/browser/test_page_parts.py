"""The page's own parts, run where they run: tabs that fall behind, changes that nobody sees, and the ledger's zone."""

from playwright.async_api import Page

from tests.browser.reader import Readers, module
from tests.deployment import LEDGER

BEHIND = """async (address) => {
  const { Connection } = await import(address);
  const tab = () => {
    const found = { refreshes: 0 };
    const nothing = () => {};
    const on = { row: nothing, gone: nothing, signin: nothing, entered: nothing, phase: nothing };
    found.connection = new Connection("no-such-ledger", { ...on, refresh: () => found.refreshes++ });
    return found;
  };
  const [behind, level, newer] = [tab(), tab(), tab()];
  for (const [one, position] of [[behind, 5], [level, 9]]) {
    one.connection.start(position);
    one.connection.tabs.seen = Date.now(); // a leader that has just gone
  }
  newer.connection.start(9);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const found = [newer.connection.tabs.leading, behind.refreshes, level.refreshes];
  newer.connection.tabs.leave();
  dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
  return [...found, level.refreshes];
}"""

KEPT = """async (address) => {
  const { App } = await import(address);
  const app = new App("no-such-ledger");
  app.renew = () => {};
  const count = (change) => {
    app.arrive({ row: change });
    return app.arrived.length;
  };
  app.loading = true;
  const loading = count(1);
  app.loading = false;
  app.arrived = [];
  app.shown = { error: new Error("gone"), ctx: {} };
  return [loading, count(2)];
}"""

FIRST = """async ([board, calendar]) => {
  const { change } = await import(board);
  const reads = { filtered: 0, empty: 0, calendar: 0 };
  const data = { rows: [], total: 0, trail: [], next: null, pending: new Set() };
  const row = { task: "t-1", position: 1, light: "green", units: [], title: "", plan: "p", row: 1 };
  for (const [name, params] of [["empty", ""], ["filtered", "light=green"]]) {
    const shown = { at: "2018-12-31T09:00:00+08:00" };
    const given = { params: new URLSearchParams(params), today: shown, t: () => "", update: () => {} };
    const ctx = { ...given, reload: () => reads[name]++ };
    for (const task of ["t-1", "t-2"]) change(data, { ...row, task }, ctx);
  }
  const unread = { api: () => new Promise(() => reads.calendar++) };
  const month = { due: [], rows: [], month: "2018-12", plan: null, cut: false };
  (await import(calendar)).change(month, { ...row, due_day: null }, unread);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  return reads;
}"""

ZONE = """async ([zone, instant, instants]) => {
  const { setZone, startOf, inZone } = await import(zone);
  const { asOfInstant } = await import(instant);
  const { lastDay, local } = await import(instants);
  const found = {};
  for (const [name, days] of [
    ["Europe/Berlin", ["2018-07-01", "2018-12-31", "2018-10-28"]],
    ["America/Sao_Paulo", ["2018-11-04", "2018-02-17"]],
    ["Asia/Shanghai", ["2018-12-31"]],
  ]) {
    setZone(name);
    found[name] = days.map((day) => [inZone(startOf(day)), asOfInstant(day)]);
  }
  setZone("Europe/Berlin");
  const left = ["17", "2018-13-45", "2018-12-31T10:00:00Z"].map(asOfInstant);
  return { found, left, day: lastDay("2018-06-30T22:00:00Z"), local: local("2018-12-31T22:30:00Z") };
}"""


async def test_a_tab_that_is_behind_a_new_leader_reads_again(page: Page) -> None:
    """The leader's stream begins at its own rows; a page that comes back from the browser's store has missed some."""
    assert await page.evaluate(BEHIND, await module(page, "js/connection.js")) == [True, 1, 0, 1]


async def test_changes_are_kept_only_for_a_view(page: Page) -> None:
    """While one is read; in place of an error all is read anew, and a tab may show it for weeks."""
    assert await page.evaluate(KEPT, await module(page, "js/app.js")) == [1, 0]


async def test_the_first_tasks_of_a_ledger_show_by_themselves(page: Page) -> None:
    """Many changes are one read; a filter that nothing matches is another thing."""
    views = [await module(page, f"js/views/{name}.js") for name in ("board", "calendar")]
    assert await page.evaluate(FIRST, views) == {"empty": 1, "filtered": 0, "calendar": 1}


async def test_days_are_those_of_the_ledgers_zone(page: Page) -> None:
    """Each instant has the offset that holds then; a day may begin at one o'clock, and end twice."""
    paths = ("js/zone.js", "js/instant.js", "js/parts/instants.js")
    answer = await page.evaluate(ZONE, [await module(page, path) for path in paths])
    assert answer["found"] == {
        "Europe/Berlin": [
            ["2018-07-01T00:00:00.000+02:00", "2018-07-01T23:59:59.999999+02:00"],
            ["2018-12-31T00:00:00.000+01:00", "2018-12-31T23:59:59.999999+01:00"],
            ["2018-10-28T00:00:00.000+02:00", "2018-10-28T23:59:59.999999+01:00"],
        ],
        "America/Sao_Paulo": [
            ["2018-11-04T01:00:00.000-02:00", "2018-11-04T23:59:59.999999-02:00"],
            ["2018-02-17T00:00:00.000-02:00", "2018-02-17T23:59:59.999999-03:00"],
        ],
        "Asia/Shanghai": [["2018-12-31T00:00:00.000+08:00", "2018-12-31T23:59:59.999999+08:00"]],
    }
    assert answer["left"] == ["17", "2018-13-45", "2018-12-31T10:00:00Z"]
    assert (answer["day"], answer["local"]) == ("2018-06-30", ["2018-12-31", "23:30"])


async def test_days_do_not_depend_on_where_the_reader_is(readers: Readers) -> None:
    """A task, a month, a unit and what changed by a past day say the same in Los Angeles as in Shanghai."""
    said: list[list[str]] = []
    for zone in ("Asia/Shanghai", "America/Los_Angeles"):
        context = await readers.reader(timezone_id=zone)
        said.append([])
        for path in (
            "tasks/zj-2017-11",
            "calendar?month=2018-12",
            "units/市残联",
            "?compare=2018-12-01&as_of=2018-12-31",
        ):
            page = await readers.show(context, f"/{LEDGER}/{path}")
            said[-1].append(await page.locator("main").inner_text())
            await page.close()
    assert said[0] == said[1]
    assert "2018年12月31日" in said[0][0]
