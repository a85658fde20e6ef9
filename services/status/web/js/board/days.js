// The days of the time rail, and which of them are worth stopping at. Pure.

const DAY_MS = 86_400_000;

/** The number of a day ("2018-12-31") since 1970. */
export function number(day) {
  return Date.parse(`${day}T00:00:00Z`) / DAY_MS;
}

/** The day of a number. */
export function named(days) {
  return new Date(days * DAY_MS).toISOString().slice(0, 10);
}

/** The rail: {first, last, today, stops, dues}, days as numbers; `events` and `dues` are [{day, …}] in order. */
export function railOf(events, dues, today) {
  const now = number(today);
  const stops = [...new Set([...events.map(({ day }) => number(day)).filter((day) => day < now), now])];
  const lastDue = dues.length ? number(dues.at(-1).day) : now;
  return { first: stops[0], last: Math.max(now, lastDue) + 1, today: now, stops, dues };
}

/** The stop nearest to a day. */
export function nearest(stops, day) {
  return stops.reduce((best, stop) => (Math.abs(stop - day) < Math.abs(best - day) ? stop : best));
}

/** The stop that a key leads to from a day; null where the key is none of a slider's. */
export function stepped(stops, day, key) {
  const at = stops.indexOf(nearest(stops, day));
  const month = 30;
  const to = (index) => stops[Math.max(0, Math.min(stops.length - 1, index))];
  switch (key) {
    case "ArrowLeft":
    case "ArrowDown":
      return to(at - 1);
    case "ArrowRight":
    case "ArrowUp":
      return to(at + 1);
    case "PageDown":
      return nearest(stops, stops[at] - month) === stops[at] ? to(at - 1) : nearest(stops, stops[at] - month);
    case "PageUp":
      return nearest(stops, stops[at] + month) === stops[at] ? to(at + 1) : nearest(stops, stops[at] + month);
    case "Home":
      return stops[0];
    case "End":
      return stops.at(-1);
    default:
      return null;
  }
}

/** The first days of the years and months after one day and up to another: [{day, year: number or null}]. */
export function ticks(first, last) {
  const found = [];
  const [year, month] = named(first).split("-").map(Number);
  for (let index = month; ; index++) {
    const day = Math.round(Date.UTC(year, index, 1) / DAY_MS);
    if (day > last) return found;
    const date = new Date(day * DAY_MS);
    found.push({ day, year: date.getUTCMonth() === 0 ? date.getUTCFullYear() : null });
  }
}
