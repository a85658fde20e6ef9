// A table of tasks as other views than the board show it: number, task, lead, deadline, progress, light.
import { light } from "./light.js";
import { taskLink, unitLink } from "./links.js";
import { said } from "./phrase.js";

/** The table of rows; `extra` are further columns, each {label, cell(row)}, after the deadline. */
export function taskTable(rows, caption, extra, ctx) {
  const { html, repeat } = ctx;
  const columns = ["row", "title", "lead", "deadline"].map((name) => ctx.t(`column.${name}`));
  const headings = [...columns, ...extra.map((column) => column.label), ctx.t("column.percent"), ctx.t("column.light")];
  return html`
    <table class="sheet tasks stacks">
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          ${headings.map((label) => html`<th scope="col">${label}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${repeat(
          rows,
          (row) => row.task,
          (row) => taskLine(row, extra, ctx),
        )}
      </tbody>
    </table>
  `;
}

function taskLine(row, extra, ctx) {
  const { html } = ctx;
  return html`
    <tr class=${row.light} data-task=${row.task}>
      <td class="number">${row.row ?? ""}</td>
      <th scope="row"><a href=${taskLink(ctx, row.task)} lang="zh-CN">${row.title}</a></th>
      <td data-label=${ctx.t("column.lead")}><a href=${unitLink(ctx, row.lead)}>${said(row.lead, ctx)}</a></td>
      <td data-label=${ctx.t("column.deadline")}>
        ${said(row.deadline.text || ctx.t("deadline.empty"), ctx)}
        ${row.due_day ? html`<small>${row.due_day}</small>` : ""}
      </td>
      ${extra.map((column) => html`<td class="wide" data-label=${column.label}>${column.cell(row)}</td>`)}
      <td data-label=${ctx.t("column.percent")} class="number">
        ${row.percent === null ? ctx.t("none") : `${row.percent}%`}
      </td>
      <td data-label=${ctx.t("column.light")} class="lamp">
        ${light(row.light, ctx)} <small>${ctx.t(`reason.${row.light_reason}`)}</small>
      </td>
    </tr>
  `;
}
