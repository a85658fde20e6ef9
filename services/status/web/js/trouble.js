// What is shown in place of a view that could not be read or drawn.
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { pathOf } from "./router.js";

/** What has happened, in words: the heading, and the title of the document. */
export function said(error, t) {
  if (error.retry) return t("load.away");
  return t(error.status === 404 ? "load.missing" : "load.failed", error.message);
}

/** The heading and the ways on for an error; one that may pass by itself is tried again without a press. */
export function trouble(error, app) {
  const { t, ledger } = app;
  const missing = error.status === 404;
  return html`<h1 class="trouble">${said(error, t)}</h1>
    <p>
      <button @click=${() => app.show({ moved: true })}>${t("load.again")}</button>
      ${missing ? html`<a href=${pathOf(ledger)}>${t("load.board")}</a>` : nothing}
    </p>`;
}
