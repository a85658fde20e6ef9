// The board's address as a query of the services, and whether a row belongs to it. Pure.
import { asOfInstant } from "../instant.js";

export const SIZES = [50, 100, 200];
export const SORTS = ["row", "due", "-due", "percent", "-percent", "-position"];
export const DUES = ["past", "7", "30", "90"];
export const FILTERS = ["unit", "lead", "light", "state", "section", "due", "q"];
const DAY_MS = 86_400_000;

/** Members of a row that the table shows. */
export const FIELDS =
  "task,title,plan,section,row,lead,deadline,due,due_day,state,percent,light,light_reason,opened_at,last_report_at,position";

/** The rows on a page. */
export function size(params) {
  const asked = Number(params.get("size"));
  return SIZES.includes(asked) ? asked : SIZES[0];
}

export function sort(params) {
  return SORTS.includes(params.get("sort")) ? params.get("sort") : "row";
}

/** Whether the address asks for a part of the tasks only. */
export function filtered(params) {
  return FILTERS.some((name) => params.get(name));
}

/** The parameters of /tasks for the board's address, at the instant `at` of what is shown. */
export function query(params, at) {
  const [after, before] = dueRange(params.get("due"), at);
  return {
    ...Object.fromEntries(["unit", "lead", "light", "state", "section", "q"].map((name) => [name, params.get(name)])),
    due_after: after,
    due_before: before,
    sort: sort(params),
    limit: size(params),
    cursor: params.getAll("cursor").at(-1) ?? null,
  };
}

/** The instants between which a choice of `due` lies: [after, before], each RFC 3339 or null. */
export function dueRange(due, at) {
  if (due === "past") return [null, at];
  if (!DUES.includes(due)) return [null, null];
  return [at, new Date(Date.parse(at) + Number(due) * DAY_MS).toISOString()];
}

/** Whether a row, as the feed has it, is one that the address asks for. */
export function matches(row, params, at) {
  const [after, before] = dueRange(params.get("due"), at).map((instant) => instant && Date.parse(instant));
  const due = row.due && Date.parse(row.due);
  const words = params.get("q")?.normalize("NFC");
  return (
    ["lead", "light", "state", "section"].every((name) => !params.get(name) || row[name] === params.get(name)) &&
    (!params.get("unit") || row.units.some(({ unit }) => unit === params.get("unit"))) &&
    (after === null || (due && due > after)) &&
    (before === null || (due && due < before)) &&
    (!words || row.title.normalize("NFC").includes(words) || row.task.includes(words))
  );
}

const KEYS = {
  row: (row) => [row.plan, row.row ?? 0],
  due: (row) => [row.due ? Date.parse(row.due) : Infinity],
  percent: (row) => [row.percent ?? 0],
  position: (row) => [row.position],
};

/** Compare two rows in an order of the services; ties by task. */
export function compare(a, b, by) {
  const key = KEYS[by.replace("-", "")];
  const [one, other] = [[...key(a), a.task], [...key(b), b.task]];
  const at = one.findIndex((part, index) => part !== other[index]);
  if (at === -1) return 0;
  return (one[at] < other[at] ? -1 : 1) * (by.startsWith("-") ? -1 : 1);
}

/** The instant that "now" is for a board as of a day. */
export function shownAt(asOf, info) {
  return asOf === null ? info.at : /^\d+$/.test(asOf) ? info.at : asOfInstant(asOf);
}
