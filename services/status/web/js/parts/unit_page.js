// One unit's own page: its figures in a sentence of facts, and its tasks with what its own part in each is.
import { linkTo } from "./links.js";
import { said } from "./phrase.js";
import { late, rate } from "./ranking.js";
import { taskTable } from "./task_table.js";
import { partState } from "./unit_parts.js";

/** The page of a unit; `tasks` is a page of its rows, of which there may be more. */
export function unitPage({ unit, tasks, total }, ctx) {
  const { html } = ctx;
  return html`
    <p class="crumb"><a href=${linkTo(ctx, "units")}>${ctx.t("nav.units")}</a> ›</p>
    <h1 lang="zh-CN">${unit.unit}</h1>
    <dl class="facts">
      ${fact("led", unit.led, ctx)} ${fact("joined", unit.joined, ctx)} ${fact("open", unit.open, ctx)}
      ${fact("closed", unit.closed, ctx)}
      ${fact("overdue", unit.overdue ? html`<strong class="overdue">${unit.overdue}</strong>` : 0, ctx)}
      ${fact("due_soon", unit.due_soon, ctx)} ${fact("on_time_rate", rate(unit, ctx), ctx)}
      ${fact("mean_days_late", late(unit, ctx), ctx)}
      ${fact("last_report_at", unit.last_report_at?.slice(0, 10) ?? ctx.t("none"), ctx)}
    </dl>
    ${
      tasks.length === 0
        ? html`<p>${ctx.t("unit.no-tasks")}</p>`
        : taskTable(tasks, caption(tasks, total, ctx), columns(unit.unit, ctx), ctx)
    }
    ${
      total > tasks.length
        ? html`<p><a href=${linkTo(ctx, "", null, { unit: unit.unit })}>${ctx.t("unit.all-tasks", total)}</a></p>`
        : ""
    }
  `;
}

function fact(name, value, ctx) {
  return ctx.html`<div><dt>${ctx.t(`unit.${name}`)}</dt><dd>${value}</dd></div>`;
}

function caption(tasks, total, ctx) {
  const words = total > tasks.length ? ctx.t("unit.some", tasks.length, total) : ctx.t("unit.total", total);
  return ctx.html`${ctx.t("unit.tasks")} <small>${words}</small>`;
}

function columns(name, ctx) {
  const own = (row) => row.units.find((part) => part.unit === name);
  const words = (row) => {
    const part = own(row);
    return part === undefined ? ctx.t("none") : [ctx.t(`role.${part.role}`), ctx.t("list.comma"), partState(part, ctx)];
  };
  return [{ label: ctx.t("unit.own-part"), cell: words }];
}
