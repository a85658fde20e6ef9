// What is shown in place of a view that could not be read or drawn.
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { pathOf } from "./router.js";

/** What has happened, in words: the heading, and the title of the document. */
export function said(error, app) {
  const { t, shown } = app;
  if (error.retry) return t("load.away");
  return missing(error, app) ? t("load.missing", shown.ctx.route.id) : t("load.failed");
}

/** The heading and the ways on for an error; one that may pass by itself is tried again without a press. */
export function trouble(error, app) {
  const { t, ledger } = app;
  return html`<h1 class="trouble">${said(error, app)}</h1>
    ${error.retry || missing(error, app) ? nothing : html`<p lang="en">${error.message}</p>`}
    <p>
      <button @click=${() => app.show({ moved: true })}>${t("load.again")}</button>
      ${error.status === 404 ? html`<a href=${pathOf(ledger)}>${t("load.board")}</a>` : nothing}
    </p>`;
}

function missing(error, app) {
  return error.status === 404 && app.shown.ctx.route.id !== null;
}
