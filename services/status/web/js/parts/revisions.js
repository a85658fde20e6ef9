// The deadlines that a task has had, from its history. Pure.
import { eventName } from "./event_name.js";

/**
 * The due instant of a deadline that a reader compares, of two readings the later one; or null.
 *
 * One with several is null: an extension moves an occurrence or a step, and the history does not tell which one.
 */
export function dueOf(deadline) {
  switch (deadline.kind) {
    case "fixed":
      return deadline.due;
    case "ambiguous":
      return deadline.loose;
    default:
      return null;
  }
}

/**
 * The deadlines in the order of the log: {position, cause, deadline, due, request?}.
 *
 * `cause` is "assigned", "clarified" or "granted". An extension of a recurring deadline moves one occurrence only, so
 * `deadline` is the one before it.
 */
export function revisions(history) {
  const requests = new Map();
  const found = [];
  for (const { type, id, position, data } of history) {
    const name = eventName(type);
    if (name === "task.assigned") {
      found.push({ position, cause: "assigned", deadline: data.deadline, due: dueOf(data.deadline) });
    } else if (name === "deadline.clarified") {
      found.push({ position, cause: "clarified", deadline: data.deadline, due: dueOf(data.deadline) });
    } else if (name === "extension.requested") {
      requests.set(id, { position, proposed: data.proposed_due });
    } else if (name === "extension.granted") {
      const request = requests.get(data.request_id);
      const due = data.due ?? request?.proposed ?? null;
      found.push({ position, cause: "granted", deadline: found.at(-1)?.deadline, due, request: request?.position });
    }
  }
  return found;
}
