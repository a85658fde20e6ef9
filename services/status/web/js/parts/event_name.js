// The names of event types, whatever version of them was submitted.

/** The name of a type without its version: "task.assigned" for "duban.task.assigned.v1". */
export function eventName(type) {
  return type.replace(/^duban\./, "").replace(/\.v\d+$/, "");
}
