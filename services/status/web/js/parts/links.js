// Addresses of other pages of the ledger; the past day that is shown stays shown.
import { address, pathOf } from "../router.js";

/** The address of a view; `params` are its own, as_of is kept. */
export function linkTo(ctx, kind, id = null, params = {}) {
  const kept = new URLSearchParams(params);
  const asOf = ctx.params.get("as_of");
  if (asOf && !kept.has("as_of")) {
    kept.set("as_of", asOf);
  }
  return address(pathOf(ctx.ledger, kind, id), kept);
}

/** The address of a task or a unit. */
export const taskLink = (ctx, id) => linkTo(ctx, "tasks", id);
export const unitLink = (ctx, name) => linkTo(ctx, "units", name);
