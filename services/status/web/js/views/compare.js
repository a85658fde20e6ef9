// What changed between two days: counts that filter, and each changed task with before and after.
import "../words/compare.js";
import "../words/parts.js";
import { date } from "../format.js";
import { asOfInstant } from "../instant.js";
import { changeList } from "../parts/changes.js";
import { exportBar } from "../parts/exports.js";
import { addDays } from "../parts/instants.js";
import { phrase } from "../parts/phrase.js";
import { reread } from "../parts/reread.js";
import { taskTable } from "../parts/task_table.js";
import { address, changed } from "../router.js";

const KINDS = ["new", "closed", "newly-overdue", "light", "percent", "deadline", "units"];
const NAMED = ["new", "closed", "newly-overdue", "deadline"]; // what the sentence has; the counts have the rest
const ROWS_MOST = 200; // at first, and at each demand for more
const ANSWER_MOST = 1_000; // rows that the API gives in one answer
const REREAD_MS = 10_000; // comparing all tasks is the most expensive read, and nobody needs it by the second
const DAYS_BEFORE = 7; // where the address names no day: what a weekly meeting wants to see

let wanted = null; // {address, rows, reading}: rows that the reader wants of an address, and whether more are on the way

export function title(ctx) {
  return ctx.t("nav.compare");
}

export async function load(ctx) {
  const days = { before: dayBefore(ctx), kind: kindOf(ctx) };
  const { items, total, counts, next } = await pageOf(days, demand().rows, null, ctx);
  const data = { ...days, rows: items, total, counts, next };
  // the rows that a reader has asked for stay when all is read again, also those asked for meanwhile
  while (data.next !== null && data.rows.length < demand().rows) {
    const page = await pageOf(data, demand().rows - data.rows.length, data.next, ctx);
    Object.assign(data, { rows: [...data.rows, ...page.items], next: page.next });
  }
  return data;
}

export function render(data, ctx) {
  const { html } = ctx;
  return html`
    <div class="compare">
      <h1 class="lede">${lede(data, ctx)}</h1>
      ${form(data, ctx)} ${kinds(data, ctx)} ${data.rows.length === 0 ? "" : table(data, ctx)}
      ${data.next === null ? "" : more(data, ctx)} ${exportBar("tasks", asked(data), ctx)}
    </div>
  `;
}

/** A changed row may belong to other counts than before: the comparison is read again. */
export function change(data, row, ctx) {
  reread(ctx, () => load(ctx), REREAD_MS);
  return { data };
}

function pageOf({ before, kind }, rows, cursor, ctx) {
  return ctx.api("tasks", { ...asked({ before, kind }), limit: Math.min(ANSWER_MOST, rows), cursor });
}

function asked({ before, kind }) {
  return { compare: asOfInstant(before), changed: kind ?? KINDS.join(",") };
}

function demand() {
  if (wanted?.address !== location.search) wanted = { address: location.search, rows: ROWS_MOST, reading: false };
  return wanted;
}

// The day of the address, or a week before the day that is compared with it.
function dayBefore(ctx) {
  const after = ctx.asOf && /^\d{4}-\d\d-\d\d/.test(ctx.asOf) ? ctx.asOf : ctx.today.at;
  return ctx.params.get("compare") || addDays(after.slice(0, 10), -DAYS_BEFORE);
}

function kindOf(ctx) {
  const asked = ctx.params.get("changed");
  return KINDS.includes(asked) ? asked : null;
}

function lede({ before, counts }, ctx) {
  const days = phrase(
    ctx,
    "compare.lede",
    dayWords(before, ctx),
    ctx.asOf ? dayWords(ctx.asOf, ctx) : ctx.t("compare.now"),
  );
  const parts = NAMED.filter((kind) => counts[kind] > 0).map((kind) => ctx.t(`compare.lede-${kind}`, counts[kind]));
  if (!KINDS.some((kind) => counts[kind] > 0)) {
    return [days, ctx.t("compare.lede-none")];
  }
  const words = parts.length ? parts.join(ctx.t("list.comma")) : ctx.t("compare.lede-other");
  return [days, words, ctx.t("list.stop")];
}

// A position has no day: it is shown as the number it is.
function dayWords(value, ctx) {
  return /^\d+$/.test(value) ? ctx.t("live.position", value) : date(value, ctx.lang);
}

function form({ before }, ctx) {
  const { html } = ctx;
  const today = ctx.today.at.slice(0, 10);
  return html`
    <form aria-label=${ctx.t("compare.form")} @submit=${(event) => submit(event, ctx)} @input=${forgive}>
      <label
        >${ctx.t("compare.before")}
        <input type="date" name="compare" required max=${today} .value=${before.slice(0, 10)}
      /></label>
      <label>
        ${ctx.t("compare.after")}
        <input
          type="date"
          name="as_of"
          max=${today}
          .value=${ctx.asOf?.slice(0, 10) ?? ""}
          aria-describedby="compare-hint"
        />
      </label>
      <small id="compare-hint">${ctx.t("compare.after-hint")}</small>
      <button type="submit">${ctx.t("compare.submit")}</button>
    </form>
  `;
}

function submit(event, ctx) {
  event.preventDefault();
  const [before, after] = ["compare", "as_of"].map((name) => event.target.elements[name]);
  const wrong = after.value !== "" && after.value <= before.value ? ctx.t("compare.wrong") : "";
  before.setCustomValidity(wrong);
  if (event.target.reportValidity()) {
    ctx.go(changed(ctx.params, { compare: before.value, as_of: after.value }));
  }
}

// What was wrong is no longer said once a day is changed.
function forgive(event) {
  event.currentTarget.elements.compare.setCustomValidity("");
}

function kinds({ counts, kind }, ctx) {
  const { html, nothing } = ctx;
  const link = (name, label, count) =>
    html`<li>
      <a
        href=${address(location.pathname, changed(ctx.params, { changed: name }))}
        aria-current=${name === kind ? "true" : nothing}
        >${count === null ? "" : html`<b>${count}</b>`} ${label}</a
      >
    </li>`;
  return html`
    <nav aria-label=${ctx.t("compare.counts")}>
      <ul class="kinds">
        ${link(null, ctx.t("compare.all"), null)}
        ${KINDS.map((name) => link(name, ctx.t(`change.${name}`), counts[name] ?? 0))}
      </ul>
    </nav>
  `;
}

function table({ rows, total }, ctx) {
  const caption = ctx.html`${ctx.t("compare.caption")} <small>${ctx.t("compare.total", total)}</small>`;
  const column = { label: ctx.t("compare.changes"), cell: (row) => changeList(row, ctx) };
  return taskTable(rows, caption, [column], ctx);
}

function more(data, ctx) {
  const count = Math.min(ROWS_MOST, data.total - data.rows.length);
  return ctx.html`<p>
    <button type="button" @click=${() => readMore(data, ctx)}>${ctx.t("compare.more", count)}</button>
  </p>`;
}

// Once for several presses; where all was read again meanwhile, that has these rows, too.
async function readMore(data, ctx) {
  const mine = demand();
  if (mine.reading) return;
  Object.assign(mine, { reading: true, rows: data.rows.length + ROWS_MOST });
  try {
    const page = await pageOf(data, ROWS_MOST, data.next, ctx);
    ctx.update((now) =>
      now.next === data.next && now.rows.length === data.rows.length
        ? { ...now, rows: [...now.rows, ...page.items], next: page.next }
        : now,
    );
  } finally {
    mine.reading = false;
  }
}
