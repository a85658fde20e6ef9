"""The page's own parts, run where they run: tabs that fall behind, changes that nobody sees, and the ledger's zone."""

from playwright.async_api import Page

from tests.browser.reader import module

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


async def test_a_tab_that_is_behind_a_new_leader_reads_again(page: Page) -> None:
    """The leader's stream begins at its own rows; a page that comes back from the browser's store has missed some."""
    assert await page.evaluate(BEHIND, await module(page, "js/connection.js")) == [True, 1, 0, 1]


async def test_the_first_tasks_of_a_ledger_show_by_themselves(page: Page) -> None:
    """Many changes are one read; a filter that nothing matches is another thing."""
    views = [await module(page, f"js/views/{name}.js") for name in ("board", "calendar")]
    assert await page.evaluate(FIRST, views) == {"empty": 1, "filtered": 0, "calendar": 1}
