// Tables whose columns sort: the order is in the address (`sort=overdue`, `sort=-overdue`), and each heading is a link.
import { address, changed } from "../router.js";

/** Items in the order of a column; `keys` are {column: item => number, text or null}, and null comes last either way. */
export function inOrder(items, keys, sort) {
  const descending = sort.startsWith("-");
  const key = keys[sort.replace(/^-/, "")];
  const compare = (one, other) => {
    const [a, b] = [key(one), key(other)];
    if (a === null || b === null) {
      return (a === null) - (b === null);
    }
    const order = typeof a === "string" ? a.localeCompare(b, "zh-CN") : a - b;
    return descending ? -order : order;
  };
  return [...items].sort(compare);
}

/** The order that an address asks for; `standard` where it asks for none, or for a column that does not exist. */
export function orderOf(params, keys, standard) {
  const sort = params.get("sort") ?? standard;
  return sort.replace(/^-/, "") in keys ? sort : standard;
}

/** A heading that sorts by its column, and turns the order round where it already does. */
export function heading(column, label, sort, ctx) {
  const { html, nothing } = ctx;
  const [ascending, descending] = [sort === column, sort === `-${column}`];
  const next = descending ? column : `-${column}`;
  const href = address(location.pathname, changed(ctx.params, { sort: ascending || descending ? next : `-${column}` }));
  return html`
    <th scope="col" aria-sort=${ascending ? "ascending" : descending ? "descending" : nothing} data-column=${column}>
      <a href=${href}
        >${label}<span class="arrow" aria-hidden="true">${ascending ? "↑" : descending ? "↓" : ""}</span></a
      >
    </th>
  `;
}
