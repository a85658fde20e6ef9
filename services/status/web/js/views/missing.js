// An address that leads nowhere.
import { html } from "../../vendor/lit-html/lit-html.js";
import { pathOf } from "../router.js";

export function title(ctx) {
  return ctx.t("load.nowhere", location.pathname);
}

export async function load() {
  return null;
}

export function render(data, ctx) {
  return html`<h1>${title(ctx)}</h1>
    <p><a href=${pathOf(ctx.ledger)}>${ctx.t("load.board")}</a></p>`;
}

export function change(data) {
  return { data };
}
