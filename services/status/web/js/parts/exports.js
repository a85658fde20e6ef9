// Links to the exports of what is shown: the same address of the API with `format`.
import { asOfInstant } from "../instant.js";

const FORMATS = { register: "docx", notice: "docx" };

/**
 * The bar of exports of a resource ("tasks", "units" or "overview") with its own filters.
 *
 * The draft notice (督查通报) is the overview as a document; the register (督查台账) is the tasks as one. A comparison has
 * what changed in each task.
 */
export function exportBar(resource, filters, ctx) {
  const { html } = ctx;
  const links = [
    ["csv", resource, filters],
    ["xlsx", resource, filters],
    [resource === "tasks" && !filters.compare ? "register" : "docx", resource, filters],
    ...(filters.compare ? [] : [["notice", "overview", {}]]),
  ];
  return html`
    <nav class="exports" aria-label=${ctx.t("exports.label")}>
      <ul>
        ${links.map(([name, of, given]) => html`<li>${link(name, of, given, ctx)}</li>`)}
        <li><button type="button" class="aslink" @click=${() => window.print()}>${ctx.t("exports.print")}</button></li>
      </ul>
    </nav>
  `;
}

// `download` keeps the page in its place; the name of the file is the server's.
function link(name, resource, filters, ctx) {
  const format = name in FORMATS ? FORMATS[name] : name;
  const given = {
    ...filters,
    as_of: ctx.asOf && asOfInstant(ctx.asOf),
    format,
    lang: ctx.lang === "en" ? "en" : null,
  };
  const kept = Object.entries(given).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const href = `/v1/${encodeURIComponent(ctx.ledger)}/${resource}?${new URLSearchParams(kept)}`;
  return ctx.html`<a href=${href} download>${ctx.t(`exports.${name}`)}</a>`;
}
