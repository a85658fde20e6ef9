// What each sheet of paper says at its foot: which ledger, which day, and which position of the log it shows.
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { dateTime } from "../format.js";
import { language } from "../prefs.js";
import { define } from "../words.js";

define({ "paper.foot": ["截至{0} · 日志序号 {1}", "As of {0} · log position {1}"] });

// The foot is in the margin, where only a rule for the page can write. A sheet made by script is no inline style to the
// content security policy.
const sheet = new CSSStyleSheet();
document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
let written = "";

/** Have each sheet say what it shows; `info` is its overview, null before the first is read. Answers the line for the first. */
export function paperLine(info, t) {
  if (info === null || info === undefined) return nothing;
  const words = t("paper.foot", dateTime(info.at, language()), info.position);
  write(`${info.title} · ${words}`);
  return html`<p class="paper-line">${words}</p>`; // browsers that print no margin boxes have it on the first sheet
}

function write(text) {
  if (text === written) return;
  written = text;
  const quoted = text.replace(/["\\]/g, "\\$&").replace(/\s+/g, " ");
  sheet.replaceSync(`@page { @bottom-left { content: "${quoted}"; font-size: 8pt; } }`);
}
