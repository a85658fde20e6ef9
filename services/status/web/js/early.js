// Applies the reader's choices before the first paint; a classic script, because a module would run after it.
"use strict";
(() => {
  const root = document.documentElement;
  const kept = (name) => {
    try {
      return localStorage.getItem(`duban.${name}`);
    } catch {
      return null; // storage is switched off: the choices last for one page
    }
  };
  if (kept("lang") === "en") root.lang = "en";
  const theme = kept("theme");
  if (theme === "dark" || theme === "light") root.dataset.theme = theme;
  if (kept("size") === "large") root.dataset.size = "large";
})();
