// One plan as a strip for each task: from assignment to the due day it had at first, and on to the one granted.
import { svg } from "../../vendor/lit-html/lit-html.js";
import { shape } from "./light.js";
import { lastDay } from "./instants.js";
import { taskLink } from "./links.js";

const ROW_HEIGHT = 22;
const MIDDLE = ROW_HEIGHT / 2;

/** The table of a plan's rows; `firsts` maps a task to the due instant that it had at first, where that differs. */
export function gantt(plan, rows, firsts, now, ctx) {
  const { html, repeat } = ctx;
  const scale = scaleOf(rows, firsts, now);
  return html`
    <table class="sheet gantt">
      <caption>
        ${ctx.t("gantt.caption", plan)}
        <small>${ctx.t("gantt.count", rows.length)}</small>
      </caption>
      <thead>
        <tr>
          <th scope="col">${ctx.t("column.row")}</th>
          <th scope="col">${ctx.t("column.title")}</th>
          <th scope="col">${ctx.t("gantt.due")}</th>
          <th scope="col" class="time">${axis(scale, ctx)}</th>
        </tr>
      </thead>
      <tbody>
        ${repeat(
          rows,
          (row) => row.task,
          (row) => line(row, firsts.get(row.task) ?? null, scale, now, ctx),
        )}
      </tbody>
    </table>
    <p class="key">${ctx.t("gantt.key")}</p>
  `;
}

function line(row, first, scale, now, ctx) {
  const { html } = ctx;
  return html`
    <tr class=${row.light}>
      <td class="number">${row.row ?? ""}</td>
      <th scope="row">
        ${shape(row.light)}<span class="unseen">${ctx.t(`light.${row.light}`)}</span>
        <a href=${taskLink(ctx, row.task)} lang="zh-CN" title=${row.title}>${row.title}</a>
      </th>
      <td>
        ${row.due_day ?? html`<span lang="zh-CN">${row.deadline.text || ctx.t("none")}</span>`}
        ${first === null ? "" : html`<small>${ctx.t("gantt.first", lastDay(first))}</small>`}
      </td>
      <td class="time">${bar(row, first, scale, now)}</td>
    </tr>
  `;
}

// The column before says the same in words, so that the picture is not read out.
function bar(row, first, scale, now) {
  const due = row.due === null ? null : scale.of(row.due);
  const from = scale.of(row.opened_at);
  const kept = first === null ? (due ?? 100) : Math.min(scale.of(first), due ?? 100);
  const closed = row.closed_at === null ? null : scale.of(row.closed_at);
  return svg`
    <svg class="span" width="100%" height=${ROW_HEIGHT} aria-hidden="true">
      ${row.due === null ? stroke("open", from, 100) : stroke("planned", from, kept)}
      ${first === null || due === null ? "" : [stroke("granted", kept, due), tick("first", scale.of(first))]}
      ${due === null ? "" : tick("due", due)}
      ${closed === null ? "" : svg`<circle class="closed" cx="${closed}%" cy=${MIDDLE} r="4"></circle>`}
      ${tick("now", scale.of(now))}
    </svg>
  `;
}

function stroke(name, from, to) {
  return svg`<line class=${name} x1="${from}%" x2="${to}%" y1=${MIDDLE} y2=${MIDDLE}></line>`;
}

function tick(name, x) {
  const [top, bottom] = name === "now" ? [0, ROW_HEIGHT] : [MIDDLE - 6, MIDDLE + 6];
  return svg`<line class=${name} x1="${x}%" x2="${x}%" y1=${top} y2=${bottom}></line>`;
}

function axis(scale, ctx) {
  return ctx.html`
    <span class="unseen">${ctx.t("gantt.time")}</span>
    ${svg`<svg width="100%" height="18" aria-hidden="true">
      ${scale.years.map(([year, x]) => svg`<text x="${x}%" y="13">${year}</text>`)}
    </svg>`}
  `;
}

// From the first assignment to the last due instant: {of(instant): per cent, years: [[year, per cent]]}.
function scaleOf(rows, firsts, now) {
  const given = rows.flatMap((row) => [row.opened_at, row.due, firsts.get(row.task)]).filter(Boolean);
  const instants = [now, ...given].map((instant) => Date.parse(instant));
  const [from, to] = [Math.min(...instants), Math.max(...instants)];
  const of = (instant) => (100 * (Date.parse(instant) - from)) / Math.max(1, to - from);
  const years = [];
  for (let year = new Date(from).getUTCFullYear() + 1; year <= new Date(to).getUTCFullYear(); year += 1) {
    years.push([year, of(`${year}-01-01T00:00:00Z`)]);
  }
  const every = Math.ceil(years.length / 8); // more labels than these run into each other on a phone
  return { of, years: years.filter((_, number) => number % every === 0) };
}
