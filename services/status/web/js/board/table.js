// The register itself: the columns of the source document first, then what was reported and how it stands.
//
// The roles are those that the elements have: a phone shows rows as paragraphs, and browsers then forget them.
import { date, proportional, shortDate } from "../format.js";
import { bar } from "../parts/bar.js";
import { light } from "../parts/light.js";
import { address, pathOf } from "../router.js";
import { choose } from "./filters.js";
import { filtered, sort } from "./query.js";

const COLUMNS = ["row", "title", "units", "due", "percent", "light", "last"];
const SORTED = { row: ["row"], due: ["due", "-due"], percent: ["percent", "-percent"] };

/** The table of the rows that `at` shows; `at` is the instant of the board. */
export function table(data, ctx, at) {
  const { html, repeat, t } = ctx;
  const order = t(`board.sort.${sort(ctx.params)}`);
  return html`<table class="register" role="table">
    <caption>${t("board.caption")}
      <span>${t(filtered(ctx.params) ? "board.matching" : "board.total", data.total, order)}</span>
    </caption>
    <thead role="rowgroup"><tr role="row">${COLUMNS.map((column) => heading(column, ctx))}</tr></thead>
    <tbody role="rowgroup">${repeat(data.rows, ({ task }) => task, (row) => line(row, ctx, at))}</tbody>
  </table>`;
}

function heading(column, ctx) {
  const { html, nothing, t } = ctx;
  const orders = SORTED[column];
  const text = t(`board.col.${column}`);
  if (orders === undefined) return html`<th scope="col" role="columnheader" class=${column}>${text}</th>`;
  const now = orders.indexOf(sort(ctx.params));
  const next = orders[(now + 1) % orders.length];
  const sorted = now === -1 ? nothing : now === 0 ? "ascending" : "descending";
  return html`<th scope="col" role="columnheader" class=${column} aria-sort=${sorted}>
    <button @click=${() => choose(ctx, { sort: next === "row" ? null : next })}>
      ${text}<span class="arrow" aria-hidden="true">${now === -1 ? "" : now === 0 ? "↑" : "↓"}</span>
    </button>
  </th>`;
}

function line(row, ctx, at) {
  const { html, nothing, t, lang } = ctx;
  const params = ctx.asOf ? [["as_of", ctx.asOf]] : [];
  const reason = t(`reason.${row.light_reason}`);
  return html`<tr role="row" class="${row.light} ${row.changed ? "changed" : ""}">
    <td role="cell" class="row">${row.row ?? nothing}</td>
    <th scope="row" role="rowheader" class="title" lang="zh-CN"><a href=${address(pathOf(ctx.ledger, "tasks", row.task), params)}>${row.title}</a></th>
    <td role="cell" class="units"><strong lang="zh-CN">${row.lead}</strong><span>${joining(row, t)}</span></td>
    <td role="cell" class="due">${deadline(row, ctx)}</td>
    <td role="cell" class="percent">${progress(row, ctx, at)}</td>
    <td role="cell" class="light">${light(row.light, ctx)}${reason ? html`<span class="why">${reason}</span>` : nothing}</td>
    <td role="cell" class="last">
      ${row.last_report_at ? shortDate(row.last_report_at, at, lang) : html`<span class="dim">${t("board.noreport")}</span>`}
      <span>${t(`state.${row.state}`)}</span>
    </td>
  </tr>`;
}

function joining(row, t) {
  return row.units === undefined ? t("board.leadonly") : t("board.joining", row.units.length - 1);
}

/** The deadline as it was written, and under it the last day in time as it was read. */
function deadline(row, { html, nothing, t, lang }) {
  return html`${row.deadline.text ? html`<q lang="zh-CN">${row.deadline.text}</q>` : html`<span class="dim">${t("board.nodeadline")}</span>`}
  ${row.due_day ? html`<span>${t("board.included", date(row.due_day, lang))}</span>` : nothing}`;
}

function progress(row, { html, t }, at) {
  const expected = proportional(row, at);
  if (expected === null && row.percent === null) {
    const word = { ongoing: "board.ongoing", triggered: "board.triggered" }[row.deadline.kind] ?? "board.undated";
    return html`<span class="dim">${t(word)}</span>`;
  }
  const said = expected === null ? t("board.noreport") : t("board.bar", row.percent ?? 0, Math.round(expected));
  return html`${bar(row.percent, expected, said)}<b>${row.percent === null ? t("board.noreport") : `${row.percent}%`}</b>`;
}
