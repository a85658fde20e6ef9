// Instants and days in the ledger's time, never in that of the reader, who may be elsewhere and must see the same day.
import { inZone } from "../zone.js";

const DAY_MS = 86_400_000;

/** An instant of any offset as the ledger's day and time: ["2018-12-31", "23:59"]. */
export function local(instant) {
  const text = inZone(Date.parse(instant));
  return [text.slice(0, 10), text.slice(11, 16)];
}

/** The last day in time of a due instant, which is exclusive. */
export function lastDay(due) {
  return inZone(Date.parse(due) - 1).slice(0, 10);
}

/** The number of days from one day to another. */
export function daysBetween(from, to) {
  return Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS);
}

/** The day so many days later. */
export function addDays(day, days) {
  return new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 10);
}

/** The month ("2018-12") so many months later. */
export function addMonths(month, months) {
  const [year, number] = month.split("-").map(Number);
  return new Date(Date.UTC(year, number - 1 + months, 1)).toISOString().slice(0, 7);
}

/** The weeks of a month, Monday first; each day is an ISO date or null outside the month. */
export function weeksOf(month) {
  const first = `${month}-01`;
  const lead = (new Date(first).getUTCDay() + 6) % 7;
  const days = daysBetween(first, `${addMonths(month, 1)}-01`);
  const cells = Array.from({ length: Math.ceil((lead + days) / 7) * 7 }, (_, cell) =>
    cell < lead || cell >= lead + days ? null : addDays(first, cell - lead),
  );
  return Array.from({ length: cells.length / 7 }, (_, week) => cells.slice(7 * week, 7 * week + 7));
}
