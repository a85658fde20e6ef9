// The ranking of units, and a unit's own page with its tasks.
import "../words/parts.js";
import "../words/units.js";
import { exportBar } from "../parts/exports.js";
import { said } from "../parts/phrase.js";
import { ranking } from "../parts/ranking.js";
import { reread } from "../parts/reread.js";
import { unitPage } from "../parts/unit_page.js";

// Rows on a unit's own page. The demo's largest unit has 27; one with more than this has the board's pages for them.
const TASKS_MOST = 200;

export function title(ctx) {
  return ctx.route.id ?? ctx.t("nav.units");
}

export async function load(ctx) {
  const name = ctx.route.id;
  if (name === null) {
    return { units: (await ctx.api("units")).items };
  }
  const [unit, page] = await Promise.all([
    ctx.api(`units/${encodeURIComponent(name)}`),
    ctx.api("tasks", { unit: name, sort: "due", limit: TASKS_MOST }),
  ]);
  return { unit, tasks: page.items, total: page.total };
}

export function render(data, ctx) {
  const { html } = ctx;
  if (data.unit) {
    return html`<div class="unit">${unitPage(data, ctx)} ${exportBar("tasks", { unit: data.unit.unit }, ctx)}</div>`;
  }
  const overdue = data.units.filter((unit) => unit.overdue > 0).length;
  return html`
    <div class="units">
      <h1 class="lede">${lede(data.units, overdue, ctx)}</h1>
      ${data.units.length === 0 ? html`<p>${ctx.t("units.none")}</p>` : [ranking(data.units, ctx), exportBar("units", {}, ctx)]}
    </div>
  `;
}

/** Figures of a unit follow from all its tasks, so that they are read again; a row alone does not tell them. */
export function change(data, row, ctx) {
  reread(ctx, () => load(ctx));
  if (!data.unit) {
    return { data };
  }
  const tasks = data.tasks.map((one) => (one.task === row.task ? row : one));
  return { data: { ...data, tasks } };
}

export function gone(data, task, ctx) {
  reread(ctx, () => load(ctx));
  return { data };
}

function lede(units, overdue, ctx) {
  if (units.length === 0) {
    return ctx.t("units.lede-none");
  }
  if (overdue === 0) {
    return ctx.t("units.lede-good", units.length);
  }
  const most = Math.max(...units.map((unit) => unit.overdue));
  const worst = units.filter((unit) => unit.overdue === most);
  return worst.length > 1
    ? ctx.t("units.lede-tie", units.length, overdue, most)
    : [ctx.t("units.lede", units.length, overdue), said(worst[0].unit, ctx), ctx.t("units.lede-count", most)];
}
