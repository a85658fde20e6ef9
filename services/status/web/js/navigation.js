// Going from page to page without loading it anew: links, back and forward, focus and scrolling.
import { address } from "./router.js";
import { hasCode, takeCode } from "./session.js";

/** Let the links of this ledger's pages, and back and forward, show their pages in place. */
export function followLinks(app) {
  history.scrollRestoration = "manual"; // the rows come later than the browser would scroll
  const home = `/${encodeURIComponent(app.ledger)}/`;
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    const plain = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
    if (!link || !plain || event.defaultPrevented || link.target || link.hasAttribute("download")) return;
    if (link.origin !== location.origin || !link.pathname.startsWith(home)) return;
    event.preventDefault();
    go(app, link.pathname + link.search);
  });
  addEventListener("popstate", (event) => {
    if (!hasCode()) app.show({ moved: true, scroll: event.state?.scroll ?? 0 });
  });
  addEventListener("hashchange", () => {
    const code = takeCode(); // of a link that was pasted into this tab: its page is the one that is shown
    if (code !== null) app.useCode(code);
  });
  for (const name of ["online", "focus"]) addEventListener(name, () => app.connection.hurry());
}

/** The parameters of the address: those of what is shown are older while the next rows are being read. */
export function here() {
  return new URLSearchParams(location.search);
}

/** Go to parameters of this page or to an address; `replace` keeps one entry of the history for many small steps. */
export function go(app, target, { replace = false } = {}) {
  const to = typeof target === "string" ? target : address(location.pathname, target);
  if (replace) {
    history.replaceState(history.state, "", to);
  } else {
    history.replaceState({ scroll: scrollY }, "");
    history.pushState(null, "", to);
  }
  return app.show({ moved: typeof target === "string" });
}

/** Focus and scrolling of a page that has been drawn: a screen reader begins at its heading. */
export function place(scroll) {
  const heading = document.querySelector("main h1");
  if (heading !== null) {
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  }
  scrollTo({ top: scroll ?? 0, behavior: "instant" });
}
