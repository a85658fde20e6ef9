// What a changed row does to the page of rows that is shown. Pure.
//
// A row changes in place. One that would enter, leave or move does not: a line that jumps away under a reader's finger
// is worse than one that is a moment old. It is counted, and the reader has the page read again.
import { compare, matches, sort } from "./query.js";

const SHOWN = ["title", "lead", "due_day", "percent", "light", "light_reason", "state", "last_report_at"];

/** The page with a changed row: {rows, pending, …}; the same object where nothing on it changes. */
export function follow(page, row, params, at) {
  const index = page.rows.findIndex(({ task }) => task === row.task);
  const wanted = matches(row, params, at);
  if (index === -1) return wanted && enters(page, row, params) ? wait(page, row.task) : page;
  const before = page.rows[index];
  if (row.position < before.position) return page; // read again since
  const changed = SHOWN.some((member) => row[member] !== before[member]);
  const rows = page.rows.with(index, { ...row, changed });
  const next = { ...page, rows };
  return wanted && stays(next, index, before, sort(params)) ? next : wait(next, row.task);
}

/** Whether a row that is not on the page belongs on it by its place; what moves between other pages is not known. */
function enters(page, row, params) {
  const by = sort(params);
  const afterFirst = !page.trail.length || !page.rows.length || compare(row, page.rows[0], by) > 0;
  const beforeLast = page.next === null || !page.rows.length || compare(row, page.rows.at(-1), by) < 0;
  return afterFirst && beforeLast;
}

/** Whether a row is still where it belongs; at a bound that other pages lie beyond, it may have moved past the next. */
function stays({ rows, trail, next }, index, was, by) {
  const [before, row, after] = [rows[index - 1], rows[index], rows[index + 1]];
  const aboveNext = after ? compare(row, after, by) < 0 : next === null || compare(row, was, by) <= 0;
  const belowLast = before ? compare(before, row, by) < 0 : !trail.length || compare(row, was, by) >= 0;
  return aboveNext && belowLast;
}

function wait(page, task) {
  return { ...page, pending: new Set(page.pending).add(task) };
}
