// Deadlines by month and day, and one plan as strips with the due day it had at first beside the one granted.
import "../words/calendar.js";
import "../words/parts.js";
import { gantt } from "../parts/gantt.js";
import { addMonths } from "../parts/instants.js";
import { monthGrid } from "../parts/month_grid.js";
import { monthsBar } from "../parts/months_bar.js";
import { reread } from "../parts/reread.js";
import { revisions } from "../parts/revisions.js";
import { address, changed } from "../router.js";
import { inZone, startOf } from "../zone.js";

const SECOND_MS = 1_000;

// Rows that are asked for at once; the most that the API gives in one answer.
const ROWS_MOST = 1_000;

// Members of a row that this page shows: the parts of all units are most of a row's bytes.
const FIELDS =
  "task,title,plan,row,lead,deadline,due,due_day,light,light_reason,extensions,opened_at,closed_at,percent,position";

// Histories that are read for the due days before extensions; a browser reads six at a time.
const HISTORIES_MOST = 60;

export function title(ctx) {
  return ctx.t("nav.calendar");
}

export async function load(ctx) {
  const overview = await ctx.api("overview");
  const month = shownMonth(overview.months, ctx);
  const [due, plans] = await Promise.all([
    ctx.api("tasks", { sort: "due", limit: ROWS_MOST, fields: FIELDS, ...dueIn(month) }),
    ctx.api("tasks", { sort: "row", limit: ROWS_MOST, fields: FIELDS }),
  ]);
  const plan = ctx.params.get("plan") ?? plans.items[0]?.plan ?? null;
  const rows = plans.items.filter((row) => row.plan === plan);
  return {
    months: overview.months,
    earlier: overview.earlier,
    month,
    due: due.items,
    dueTotal: due.total,
    plan,
    plans: [...new Set(plans.items.map((row) => row.plan))],
    rows,
    cut: plans.next !== null,
    firsts: await firstDues(rows, ctx),
  };
}

export function render(data, ctx) {
  const { html } = ctx;
  const today = (ctx.info.at ?? "").slice(0, 10);
  return html`
    <div class="calendar">
      <h1 class="lede">${lede(data, ctx)}</h1>
      ${monthsBar(data.months, data.month, ctx)} ${around(data, ctx)} ${monthGrid(data.month, data.due, today, ctx)}
      ${data.dueTotal > data.due.length ? html`<p>${ctx.t("calendar.cut", data.due.length, data.dueTotal)}</p>` : ""}
      ${data.plan === null ? "" : plan(data, ctx)}
    </div>
  `;
}

// The months before and after the one shown, and what fell due before the thirteen months.
function around({ month, earlier }, ctx) {
  const { html } = ctx;
  const link = (by, word) =>
    html`<a href=${address(location.pathname, changed(ctx.params, { month: addMonths(month, by) }))}
      >${ctx.t(word)}</a
    >`;
  return html`
    <p class="around">
      ${link(-1, "calendar.before")} ${link(1, "calendar.after")}
      ${earlier.due ? html`<span>${ctx.t("calendar.earlier", earlier.due, earlier.closed, earlier.overdue)}</span>` : ""}
    </p>
  `;
}

function plan(data, ctx) {
  const { html } = ctx;
  return html`
    <section aria-label=${ctx.t("gantt.title")}>
      ${
        data.plans.length > 1
          ? html`<label class="plan">
              ${ctx.t("gantt.plan")}
              <select @change=${(event) => ctx.go(changed(ctx.params, { plan: event.target.value }))}>
                ${data.plans.map((name) => html`<option ?selected=${name === data.plan}>${name}</option>`)}
              </select>
            </label>`
          : ""
      }
      ${gantt(data.plan, data.rows, data.firsts, ctx.info.at, ctx)}
      ${data.cut ? html`<p>${ctx.t("gantt.cut", ROWS_MOST)}</p>` : ""}
    </section>
  `;
}

/** A changed row may have another deadline, and then it moves to another day: what is due is read again. */
export function change(data, row, ctx) {
  const known = [...data.due, ...data.rows].find((one) => one.task === row.task);
  const same = known && known.due === row.due && known.light === row.light && known.closed_at === row.closed_at;
  const planned = row.plan === data.plan || data.plan === null; // null: the ledger had no task
  const enters = row.due_day?.startsWith(data.month) || (planned && !data.cut);
  if (!same && (known || enters)) {
    reread(ctx, () => load(ctx));
  }
  return { data };
}

// The month of the address, or that of today; a month outside the thirteen can be asked for as well.
function shownMonth(months, ctx) {
  const asked = ctx.params.get("month");
  return /^\d{4}-(0[1-9]|1[0-2])$/.test(asked ?? "") ? asked : months[0].month;
}

// `due` is exclusive: what is due on a month's last day has the first instant of the next month, one second before these.
function dueIn(month) {
  const edge = (first) => inZone(startOf(first) + SECOND_MS);
  return { due_after: edge(`${month}-01`), due_before: edge(`${addMonths(month, 1)}-01`) };
}

// A row has the deadline as it stands; the one before extensions is in the task's history only.
async function firstDues(rows, ctx) {
  const extended = rows.filter((row) => row.extensions > 0).slice(0, HISTORIES_MOST);
  const found = await Promise.all(
    extended.map(async (row) => {
      const history = await ctx.api(`tasks/${encodeURIComponent(row.task)}/events`);
      return [row.task, revisions(history.items)[0]?.due ?? null];
    }),
  );
  return new Map(found.filter(([, due]) => due !== null));
}

function lede(data, ctx) {
  const [year, month] = data.month.split("-").map(Number);
  const overdue = data.due.filter((row) => row.light === "red").length;
  return data.dueTotal === 0
    ? ctx.t("calendar.lede-none", year, month)
    : ctx.t(overdue ? "calendar.lede-overdue" : "calendar.lede", year, month, data.dueTotal, overdue);
}
