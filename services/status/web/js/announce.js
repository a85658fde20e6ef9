// What is read out to those who cannot see the page: of several messages within a moment, only the latest.

const QUIET_MS = 1_500; // news within it are read out as one

let timer = 0;

/** Have a text read out, after a moment in which a later one replaces it. */
export function announce(text) {
  clearTimeout(timer);
  timer = setTimeout(() => {
    document.getElementById("announcer").textContent = text;
  }, QUIET_MS);
}
