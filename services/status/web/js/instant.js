// A day of the address as an instant that the services read. Pure.

const DAY = /^\d{4}-\d\d-\d\d$/;

/** The offset that an instant of the ledger ends with, such as "+08:00". */
export function offset(instant) {
  return /([+-]\d\d:\d\d)$/.exec(instant)?.[1] ?? "+00:00";
}

/** `as_of` as the services read it: a day means its last second in the ledger's time; others are left alone. */
export function asOfInstant(value, at) {
  return DAY.test(value) ? `${value}T23:59:59${offset(at)}` : value;
}

/** The day of an instant with the ledger's offset, which its text begins with. */
export function dayOf(instant) {
  return instant.slice(0, 10);
}
