// What is shown in place of a view that could not be read or drawn.
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { pathOf } from "./router.js";

/** The heading and the ways on for an error; one that may pass by itself is tried again without a press. */
export function trouble(error, app) {
  const { t, ledger } = app;
  const { id } = app.shown.ctx.route;
  const missing = error.status === 404 && id !== null;
  const word = error.retry ? t("load.away") : missing ? t("load.missing", id) : t("load.failed");
  return html`<h1 class="trouble">${word}</h1>
    ${error.retry || missing ? nothing : html`<p lang="en">${error.message}</p>`}
    <p>
      <button @click=${() => app.show({ moved: true })}>${t("load.again")}</button>
      ${error.status === 404 ? html`<a href=${pathOf(ledger)}>${t("load.board")}</a>` : nothing}
    </p>`;
}
