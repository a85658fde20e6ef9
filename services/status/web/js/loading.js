// Reloads the page if one of its files could not be fetched; a classic script, as no module runs without all of them.
"use strict";
(() => {
  const FIRST_MS = 1_000;
  const LATER_MS = 10_000; // if the page was reloaded already, or the service was away
  let failed = false;

  addEventListener("error", ({ target }) => {
    if (failed || !(target.tagName === "SCRIPT" || target.rel === "stylesheet")) return;
    failed = true;
    say();
    const reloaded = performance.getEntriesByType("navigation")[0]?.type === "reload";
    setTimeout(again, reloaded ? LATER_MS : FIRST_MS);
  }, true);

  /** Where nothing is shown yet, say why; the words of the page are among what may be missing. */
  function say() {
    const app = document.getElementById("app");
    if (app === null) return addEventListener("DOMContentLoaded", say);
    if (app.querySelector("main")) return;
    app.innerHTML = `<p class="plain" role="status">页面未能完整载入，正在自动重试。
      <span lang="en">The page could not be loaded completely; it is being tried again.</span></p>`;
  }

  /** Reload once the service answers: without an answer, the browser shows a page of its own, which stays. */
  async function again() {
    try {
      if ((await fetch(location.href, { method: "HEAD", cache: "no-store" })).ok) return location.reload();
    } catch {
      // no answer: as if it were not well
    }
    setTimeout(again, LATER_MS);
  }
})();
