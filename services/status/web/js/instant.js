// A day of the address as an instant that the services read.
import { endOf } from "./zone.js";

const DAY = /^\d{4}-\d\d-\d\d$/;

/** `as_of` as the services read it: a day means its last instant in the ledger's zone; others are left alone. */
export function asOfInstant(value) {
  return DAY.test(value) && !Number.isNaN(Date.parse(value)) ? endOf(value) : value;
}

/** The day of an instant with the ledger's offset, which its text begins with. */
export function dayOf(instant) {
  return instant.slice(0, 10);
}
