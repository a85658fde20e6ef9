// Addresses: every state of the page is in one. Pure.

/** The route of an address: {ledger, name, id, params}; `name` is that of a view, "missing" where there is none. */
export function parse(path, query) {
  const [ledger, kind, ...rest] = path.replace(/^\/|\/$/g, "").split("/").map(decodeURIComponent);
  const params = new URLSearchParams(query);
  const id = rest.length ? rest.join("/") : null;
  const route = (name, of = null) => ({ ledger, name, id: of, params });
  if (kind === undefined) {
    if (params.get("view") === "wall") return route("wall");
    return params.has("compare") ? route("compare") : route("board");
  }
  if (kind === "tasks" && id !== null) return route("task", id);
  if (kind === "units") return route("units", id);
  if (kind === "calendar" && id === null) return route("calendar");
  return route("missing");
}

/** The path of a view of a ledger. */
export function pathOf(ledger, kind = "", id = null) {
  const base = `/${encodeURIComponent(ledger)}/`;
  return kind ? `${base}${kind}${id === null ? "" : `/${encodeURIComponent(id)}`}` : base;
}

/** An address of a path and parameters; empty ones are left out, except `compare`, which is empty at first. */
export function address(path, params) {
  const kept = new URLSearchParams();
  for (const [name, value] of params) if (value !== "" || name === "compare") kept.append(name, value);
  const query = kept.toString();
  return query ? `${path}?${query}` : path;
}

/** Parameters with some changed; null or "" removes one. */
export function changed(params, changes) {
  const next = new URLSearchParams(params);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === "") next.delete(name);
    else next.set(name, value);
  }
  return next;
}
