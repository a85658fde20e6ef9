// The ranking of units: how much each leads, how much of it in time, what is overdue now.
import { unitLink } from "./links.js";
import { said } from "./phrase.js";
import { heading, inOrder, orderOf } from "./sorting.js";

const KEYS = {
  unit: (row) => row.unit,
  led: (row) => row.led,
  joined: (row) => row.joined,
  open: (row) => row.open,
  closed: (row) => row.closed,
  overdue: (row) => row.overdue,
  on_time_rate: (row) => row.on_time_rate,
  mean_days_late: (row) => row.mean_days_late,
  last_report_at: (row) => row.last_report_at,
};
const COLUMNS = Object.keys(KEYS);
const STANDARD = "-overdue";

/** The table of all units. */
export function ranking(units, ctx) {
  const { html, repeat } = ctx;
  const sort = orderOf(ctx.params, KEYS, STANDARD);
  const ordered = inOrder(units, KEYS, sort);
  const by = sort.replace(/^-/, "");
  const ranks = by === "unit" ? [] : ranksOf(ordered.map(KEYS[by])); // a name has no rank
  return html`
    <table class="sheet ranking stacks">
      <caption>
        ${ctx.t("units.caption")}
        <small>${ctx.t("units.count", units.length)}</small>
      </caption>
      <thead>
        <tr>
          <th scope="col">${ctx.t("units.rank")}</th>
          ${COLUMNS.map((column) => heading(column, ctx.t(`unit.${column}`), sort, ctx))}
        </tr>
      </thead>
      <tbody>
        ${repeat(
          ordered,
          (row) => row.unit,
          (row, number) => line(row, ranks[number], ctx),
        )}
      </tbody>
    </table>
    <p class="key">${ctx.t("units.key")}</p>
  `;
}

// Units with the same figure have the same rank, as in a notice.
function ranksOf(values) {
  const ranks = [];
  values.forEach((value, number) =>
    ranks.push(number > 0 && value === values[number - 1] ? ranks[number - 1] : number + 1),
  );
  return ranks;
}

function line(row, rank, ctx) {
  const { html } = ctx;
  const cell = (column, content) => html`<td data-label=${ctx.t(`unit.${column}`)} class="number">${content}</td>`;
  return html`
    <tr data-overdue=${row.overdue > 0}>
      <td class="number rank">${rank ?? ""}</td>
      <th scope="row"><a href=${unitLink(ctx, row.unit)}>${said(row.unit, ctx)}</a></th>
      ${cell("led", row.led)} ${cell("joined", row.joined)} ${cell("open", row.open)} ${cell("closed", row.closed)}
      ${cell("overdue", row.overdue ? html`<strong class="overdue">${row.overdue}</strong>` : 0)}
      ${cell("on_time_rate", rate(row, ctx))} ${cell("mean_days_late", late(row, ctx))}
      ${cell("last_report_at", row.last_report_at?.slice(0, 10) ?? ctx.t("none"))}
    </tr>
  `;
}

/** The on-time rate in words: the per cent, and of how many tasks. */
export function rate(row, ctx) {
  if (row.on_time_rate === null) {
    return ctx.t("none");
  }
  const percent = Math.round(100 * row.on_time_rate);
  return ctx.html`${percent}% <small>${ctx.t("unit.of", row.on_time, row.counted)}</small>`;
}

/** The mean days late, of the tasks that were not in time. */
export function late(row, ctx) {
  return row.mean_days_late === null ? ctx.t("none") : ctx.t("unit.days", row.mean_days_late.toFixed(1));
}
