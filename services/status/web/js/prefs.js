// The reader's choices: language, theme, large print. They belong to the browser, not to the address.

const root = document.documentElement;

function keep(name, value) {
  try {
    if (value === null) localStorage.removeItem(`duban.${name}`);
    else localStorage.setItem(`duban.${name}`, value);
  } catch {
    // storage is switched off: the choice lasts until the page is closed
  }
}

/** "zh" or "en". */
export function language() {
  return root.lang === "en" ? "en" : "zh";
}

export function setLanguage(chosen) {
  root.lang = chosen === "en" ? "en" : "zh-CN";
  keep("lang", chosen);
}

/** "dark" or "light": the reader's choice, or the system's where there is none. */
export function theme() {
  return root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
}

export function setTheme(chosen) {
  root.dataset.theme = chosen;
  keep("theme", chosen);
}

export function largePrint() {
  return root.dataset.size === "large";
}

export function setLargePrint(on) {
  if (on) root.dataset.size = "large";
  else delete root.dataset.size;
  keep("size", on ? "large" : null);
}
