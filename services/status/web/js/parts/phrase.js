// Sentences whose parts are templates, and texts of the ledger with their language.
import { sentence } from "../words.js";

// Texts of a ledger (titles, units, summaries) are Chinese in either language of the page, and a screen reader needs to know.
const LEDGER_LANGUAGE = "zh-CN";

/** Text of the ledger, with its language. */
export function said(text, { html }) {
  return html`<span lang=${LEDGER_LANGUAGE}>${text}</span>`;
}

/** A sentence of the table of words whose parts {0}, {1} … are templates. */
export function phrase(ctx, key, ...parts) {
  return sentence(ctx.lang, key, ...parts);
}

/** Names of units in a row, separated as the language writes lists. */
export function list(names, ctx) {
  return names.map((name, number) => [number ? ctx.t("list.separator") : "", said(name, ctx)]);
}
