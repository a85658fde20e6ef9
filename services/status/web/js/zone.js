// The time zone of the ledger that is shown: its days are those of the ledger, wherever a reader is.
//
// Kept here once, as the words are: a page shows one ledger, and the zone belongs to every day on it.

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

let clock = clockOf("UTC");

function clockOf(timeZone) {
  const two = "2-digit";
  const parts = { year: "numeric", month: two, day: two, hour: two, minute: two, second: two };
  return new Intl.DateTimeFormat("en-u-ca-gregory-nu-latn", { timeZone, hourCycle: "h23", ...parts });
}

/** Use the zone of this name, such as "Asia/Shanghai", from now on. */
export function setZone(name) {
  if (clock.resolvedOptions().timeZone !== name) clock = clockOf(name);
}

/** An instant (milliseconds) as the zone's clocks show it: RFC 3339 with the offset that holds then. */
export function inZone(instant) {
  const offset = offsetAt(instant);
  const minutes = Math.abs(Math.round(offset / MINUTE_MS));
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60].map((number) => String(number).padStart(2, "0"));
  return `${new Date(instant + offset).toISOString().slice(0, -1)}${offset < 0 ? "-" : "+"}${hours}:${rest}`;
}

/** The first instant of a day, in milliseconds; where clocks are put forward at midnight, it is not 00:00. */
export function startOf(day) {
  const wall = Date.parse(day);
  const offsets = [wall - DAY_MS, wall + DAY_MS].map(offsetAt);
  const found = offsets.map((offset) => wall - offset).sort((one, other) => one - other);
  return found.find((instant) => inZone(instant).startsWith(day)) ?? found[0];
}

/** The last instant of a day, to the microsecond, as the services keep instants. */
export function endOf(day) {
  const last = inZone(startOf(new Date(Date.parse(day) + DAY_MS).toISOString().slice(0, 10)) - 1);
  return last.replace(".999", ".999999");
}

// What the zone's clocks are ahead of UTC at an instant, in milliseconds.
function offsetAt(instant) {
  const part = Object.fromEntries(clock.formatToParts(instant).map(({ type, value }) => [type, Number(value)]));
  const wall = Date.UTC(part.year, part.month - 1, part.day, part.hour, part.minute, part.second);
  return wall - 1_000 * Math.floor(instant / 1_000);
}
