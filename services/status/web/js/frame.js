// The frame of every page: skip link, name, sections, the state of the connection, and the reader's choices.
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { paperLine } from "./parts/paper.js";
import { language, largePrint, setLanguage, setLargePrint, setTheme, theme } from "./prefs.js";
import { address, pathOf } from "./router.js";

const SECTIONS = [
  ["board", ""],
  ["units", "units"],
  ["calendar", "calendar"],
  ["compare", "", "compare", ""],
  ["wall", "", "view", "wall"],
];

/** The whole page around `content`; `app` has t, info, route, connection state and the acts of the frame. */
export function frame(app, content) {
  const { t } = app;
  return html`
    <a class="skip" href="#main" @click=${skip}>${t("skip")}</a>
    <header class="head">
      <a class="mark" href=${pathOf(app.ledger)} lang="zh-CN" aria-label=${`督办 ${app.title}`}>督办</a>
      <p class="ledger" lang="zh-CN">${app.title}</p>
      <nav aria-label=${t("nav.label")}><ul>${SECTIONS.map((section) => link(section, app))}</ul></nav>
      ${status(app)} ${tools(app)} ${paperLine(app.shown.ctx.info, t)}
    </header>
    ${app.notice ? html`<p class="stale" role="alert">${t(app.notice)}</p>` : nothing}
    ${app.stale ? html`<p class="stale">${t("live.stale", app.position)}</p>` : nothing}
    <main id="main" tabindex="-1">${content}</main>
  `;
}

function skip(event) {
  event.preventDefault(); // the fragment would stay in the address
  document.getElementById("main").focus();
}

function link([name, kind, param, value], { t, ledger, route, asOf }) {
  const params = new URLSearchParams(param === undefined ? [] : [[param, value]]);
  if (asOf) params.set("as_of", asOf); // a reader of a past day stays on it
  const here = route.name === name || (name === "board" && route.name === "task");
  return html`<li>
    <a href=${address(pathOf(ledger, kind), params)} aria-current=${here ? (route.id ? "true" : "page") : nothing}>
      ${t(`nav.${name}`)}
    </a>
  </li>`;
}

/** The state of the connection, in words; its colour is only a repetition. */
function status({ t, phase, asOf, position }) {
  const word = asOf && phase === "live" ? "past" : phase;
  return html`<p class="live ${word}">
    <svg class="dot" viewBox="0 0 8 8" aria-hidden="true"><circle cx="4" cy="4" r="4"></circle></svg>
    <span>${t(`live.${word}`)}</span>
    <span class="at">${t("live.position", position)}</span>
  </p>`;
}

function tools({ t, redraw, signOut, signedIn }) {
  const act = (change) => () => {
    change();
    redraw();
  };
  const dark = theme() === "dark";
  return html`<div class="tools" role="group" aria-label=${t("tool.label")}>
    <button aria-pressed=${largePrint()} @click=${act(() => setLargePrint(!largePrint()))}>${t("tool.large")}</button>
    <button lang=${language() === "en" ? "zh-CN" : "en"} @click=${act(() => setLanguage(language() === "en" ? "zh" : "en"))}>
      ${t("tool.language")}
    </button>
    <button @click=${act(() => setTheme(dark ? "light" : "dark"))}>${t(dark ? "tool.light" : "tool.dark")}</button>
    ${signedIn ? html`<button @click=${signOut}>${t("tool.signout")}</button>` : nothing}
  </div>`;
}
