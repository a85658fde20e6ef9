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


async def test_a_tab_that_is_behind_a_new_leader_reads_again(page: Page) -> None:
    """The leader's stream begins at its own rows; a page that comes back from the browser's store has missed some."""
    assert await page.evaluate(BEHIND, await module(page, "js/connection.js")) == [True, 1, 0, 1]
