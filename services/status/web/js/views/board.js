// The board: one sentence, the time rail, the counts and filters, and the register.
import "../words/board.js";
import "../words/parts.js";
import { follow } from "../board/follow.js";
import { counts, filters } from "../board/filters.js";
import { named, number } from "../board/days.js";
import { pages } from "../board/pages.js";
import { FIELDS, filtered, query, shownAt } from "../board/query.js";
import { rail } from "../board/rail.js";
import { table } from "../board/table.js";
import { date } from "../format.js";
import { dayOf } from "../instant.js";
import { exportBar } from "../parts/exports.js";
import { reread } from "../parts/reread.js";

const REACH_DAYS = 1_825; // of the deadlines on the rail, before and after today: five years, as plans have

export function title(ctx) {
  return ctx.t("board.title");
}

export async function load(ctx) {
  const today = number(dayOf(ctx.today.at));
  const [page, units, dues] = await Promise.all([
    ctx.api("tasks", { ...query(ctx.params, shownAt(ctx.asOf, ctx.today)), fields: FIELDS }),
    ctx.api("units", { sort: "unit" }),
    ctx.api("calendar", { from: named(today - REACH_DAYS), to: named(today + REACH_DAYS) }),
  ]);
  return {
    rows: page.items,
    next: page.next,
    total: page.total,
    trail: ctx.params.getAll("cursor"),
    units: units.items.map(({ unit }) => unit),
    sections: ctx.today.sections.map(({ section }) => section).filter(Boolean),
    dues: dues.items,
    pending: new Set(),
  };
}

/** Read the units of each row once the rows show: they are most of a row, and only their number is on the board. */
export async function more(data, ctx) {
  const page = await ctx.api("tasks", { ...query(ctx.params, shownAt(ctx.asOf, ctx.today)), fields: "task,units" });
  const units = new Map(page.items.map((row) => [row.task, row.units]));
  return (now) => ({ ...now, rows: now.rows.map((row) => ({ units: units.get(row.task), ...row })) });
}

export function render(data, ctx) {
  const { html, nothing } = ctx;
  if (!ctx.asOf && (!ctx.info.tasks || isEmpty(data, ctx))) return empty(ctx);
  const at = ctx.asOf ? shownAt(ctx.asOf, ctx.info) : ctx.today.at;
  const day = dayOf(at);
  return html`${lede(ctx, day)} ${rail({ ...data, day }, ctx)}
    <div class="filtering">${counts(ctx)} ${exportBar("tasks", exported(ctx, at), ctx)} ${filters(data, ctx)}</div>
    ${data.pending.size ? waiting(data, ctx) : nothing}
    ${data.rows.length ? table(data, ctx, at) : html`<p class="nothing">${ctx.t("board.nothing")}</p>`}
    ${pages(data, ctx)}
    ${data.rows.length ? html`<p class="key">${ctx.t("board.key")}</p>` : nothing}`;
}

/** Whether the ledger had no task when the rows were read; the figures are read again at other times. */
function isEmpty(data, ctx) {
  return data.total === 0 && !filtered(ctx.params);
}

export function change(data, row, ctx) {
  if (isEmpty(data, ctx)) {
    reread(ctx, () => ctx.reload()); // no line moves under a reader's finger: the first tasks need not wait for a press
    return { data };
  }
  const next = follow(data, row, ctx.params, ctx.today.at);
  const more = next.pending.size > data.pending.size;
  return { data: next, announce: more ? ctx.t("changes.pending", next.pending.size) : undefined };
}

/** How it stands, in one sentence; its numbers are links that filter. */
function lede(ctx, day) {
  const { html, t, sentence } = ctx;
  const { lights, tasks } = ctx.info;
  const link = (light) => html`<a
      class=${light}
      href=${`?${new URLSearchParams([["light", light], ...(ctx.asOf ? [["as_of", ctx.asOf]] : [])])}`}
      >${t(`board.${light}`, lights[light])}</a
    >`;
  const when = html`<strong>${date(day, ctx.lang)}</strong>`;
  return html`<h1 class="lede">
    ${sentence("board.lede", when, t("board.tasks", tasks), link("red"), link("yellow"), link("green"), link("blue"))}
  </h1>`;
}

function empty(ctx) {
  return ctx.html`<h1 class="lede">${ctx.t("board.empty", date(ctx.today.at, ctx.lang))}</h1>
    <p>${ctx.t("board.empty.how")}</p>`;
}

/** What an export is asked for: all rows that match, in the order that is shown. */
function exported(ctx, at) {
  return { ...query(ctx.params, at), limit: null, cursor: null };
}

/** Rows that would enter, leave or move wait until the reader asks for them. */
function waiting(data, ctx) {
  const { html, t } = ctx;
  return html`<p class="pending">
    ${t("changes.pending", data.pending.size)} <button @click=${() => ctx.reload()}>${t("changes.show")}</button>
  </p>`;
}
