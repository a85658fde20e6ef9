// The views by name; each is read when it is first shown.

const VIEWS = {
  board: () => import("./views/board.js"),
  task: () => import("./views/task.js"),
  units: () => import("./views/units.js"),
  calendar: () => import("./views/calendar.js"),
  compare: () => import("./views/compare.js"),
  wall: () => import("./views/wall.js"),
  missing: () => import("./views/missing.js"),
};

/** The module of a view; where it is gone, the service is a newer one, and the page is loaded anew. */
export async function viewOf(name) {
  try {
    return await VIEWS[name]();
  } catch (error) {
    if (!(error instanceof TypeError) || !navigator.onLine) throw error; // TypeError: the module could not be fetched
    const response = await fetch(location.href, { method: "HEAD", cache: "no-store" });
    if (response.ok && !import.meta.url.includes(response.headers.get("Duban-Assets"))) location.reload();
    throw error;
  }
}
