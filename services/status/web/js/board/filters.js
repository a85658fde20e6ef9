// Counts that filter, and the other filters of the board; each choice is a part of the address.
import { count } from "../format.js";
import { here } from "../navigation.js";
import { shape } from "../parts/light.js";
import { changed } from "../router.js";
import { DUES, SORTS, filtered, FILTERS, sort } from "./query.js";
import { searchField } from "./search.js";

const LIGHTS = ["red", "yellow", "green", "blue"];
const STATES = ["assigned", "in-progress", "submitted", "returned", "closed"];

const narrow = matchMedia("(max-width: 52rem)"); // a phone, where the choices are folded away

/** Go to the same address with these parameters, from the first page on. */
export function choose(ctx, changes, options) {
  return ctx.go(changed(here(), { ...changes, cursor: null }), options);
}

/** How many tasks have each light; pressed, only they are shown. */
export function counts(ctx) {
  const { html, t } = ctx;
  return html`<div class="counts" role="group" aria-label=${t("board.counts")}>
    ${LIGHTS.map((light) => {
      const pressed = ctx.params.get("light") === light;
      return html`<button aria-pressed=${pressed} @click=${() => choose(ctx, { light: pressed ? null : light })}>
        ${shape(light)}<b>${count(ctx.info.lights[light])}</b> ${t(`light.${light}`)}
      </button>`;
    })}
  </div>`;
}

/** The form of the other filters. */
export function filters(data, ctx) {
  const { html, nothing, t } = ctx;
  const units = data.units.map((name) => [name, name]);
  return html`<form class="filters" role="search" aria-label=${t("board.filters")} @submit=${(event) => event.preventDefault()}>
    <label class="q">${t("board.q")}
      ${searchField(ctx, (q) => choose(ctx, { q }, { replace: true }))}
    </label>
    <details .open=${!narrow.matches || filtered(ctx.params)}>
      <summary>${t("board.filters")}</summary>
      <div class="choices">
        ${select("unit", units, ctx, "zh-CN")} ${select("lead", units, ctx, "zh-CN")}
        ${data.sections.length ? select("section", data.sections.map((name) => [name, name]), ctx, "zh-CN") : nothing}
        ${select("state", STATES.map((name) => [name, t(`state.${name}`)]), ctx)}
        ${select("due", DUES.map((name) => [name, t(`board.due.${name}`)]), ctx)} ${order(ctx)}
      </div>
    </details>
    ${filtered(ctx.params)
      ? html`<button type="button" class="clear" @click=${() => choose(ctx, Object.fromEntries(FILTERS.map((name) => [name, null])))}>
          ${t("board.clear")}
        </button>`
      : nothing}
  </form>`;
}

/** The order of the rows: on a phone there are no headings to press. */
function order(ctx) {
  const options = SORTS.map((name) => [name, ctx.t(`board.sort.${name}`)]);
  return field("sort", options, sort(ctx.params), ctx, null, (value) => choose(ctx, { sort: value === "row" ? null : value }));
}

function select(name, options, ctx, lang = null) {
  const all = [["", ctx.t("board.all")], ...options];
  const value = ctx.params.get(name) ?? "";
  const known = all.some(([one]) => one === value) ? all : [...all, [value, value]]; // a name in the address is not lost
  return field(name, known, value, ctx, lang, (chosen) => choose(ctx, { [name]: chosen }));
}

function field(name, options, value, { html, nothing, t }, lang, on) {
  return html`<label>${t(`board.${name}`)}
    <select name=${name} @change=${({ target }) => on(target.value)}>
      ${options.map(
        ([key, text]) =>
          html`<option value=${key} lang=${key && lang ? lang : nothing} ?selected=${key === value} .selected=${key === value}>${text}</option>`,
      )}
    </select>
  </label>`;
}
