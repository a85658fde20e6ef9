// What later events of a history did to earlier ones: corrected, returned, put off. Pure.
import { eventName } from "./event_name.js";

/**
 * A map from a position to the marks of that entry, each {word, by}: `by` is the position of the other event.
 *
 * A correction names a report by its id, and ids belong to a source.
 */
export function marks(history) {
  const found = new Map();
  const add = (position, word, by) => found.set(position, [...(found.get(position) ?? []), { word, by }]);
  const reports = new Map();
  const submissions = new Map();
  const requests = new Map();
  for (const item of history) {
    const { type, id, source, position, data } = item;
    const name = eventName(type);
    if (name === "progress.reported" || name === "progress.corrected") {
      if (name === "progress.corrected") {
        const corrected = reports.get(`${source}\n${data.report}`);
        if (corrected !== undefined) {
          add(corrected, "corrected", position);
          add(position, "corrects", corrected);
        }
      }
      reports.set(`${source}\n${id}`, position);
    } else if (name === "completion.submitted") {
      submissions.set(data.unit, position);
    } else if (name === "completion.returned") {
      pair(submissions, data.unit, position, "returned", "returns");
    } else if (name === "extension.requested") {
      requests.set(id, position);
    } else if (name === "extension.granted") {
      pair(requests, data.request_id, position, "granted", "grants");
    } else if (name === "extension.refused") {
      pair(requests, data.request_id, position, "refused", "refuses");
    }
  }
  return found;

  function pair(earlier, key, position, word, back) {
    const first = earlier.get(key);
    if (first !== undefined) {
      add(first, word, position);
      add(position, back, first);
      earlier.delete(key);
    }
  }
}
