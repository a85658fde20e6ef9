// The live connection as a state machine: transition(state, event) returns the next state and the effects. Pure.
//
// EventSource reconnects by itself after a dropped connection, but stops for ever after any answer that is not 200,
// and a restart answers 503; then a new one is opened with the last id. Its comments are invisible to scripts, so
// silence is not a sign of anything by itself: a watchdog asks the service for its position.

export const WATCHDOG_MS = 40_000; // more than two heartbeats of the service, which come every 15 s
export const OPEN_MS = 20_000; // for a connection to be answered: a stopped process accepts it and stays silent
const LONGEST_MS = 30_000;
const SHORTEST_MS = 1_000;
const SILENT_PROBES = 8; // about five minutes: then a connection that is dead on the way is replaced at any rate

/** `id` is the last position received; `missed`, that the rows have to be read again once connected. */
export const INITIAL = { phase: "idle", id: 0, attempt: 0, silent: 0, missed: false };

/** Milliseconds to wait before the attempt of this number; `chance` is from 0 to 1. */
export function backoff(attempt, chance) {
  const most = Math.min(LONGEST_MS, SHORTEST_MS * 2 ** attempt);
  return Math.round(SHORTEST_MS + chance * (most - SHORTEST_MS));
}

/** The next state and the effects: open, close, probe, refresh, signin, watch, limit, wait (with `attempt`). */
export function transition(state, event) {
  switch (event.type) {
    case "lead":
      return open({ ...INITIAL, id: event.id, missed: state.missed });
    case "resign":
      return [{ ...INITIAL, id: state.id }, ["close"]];
    case "opened":
      return live(state);
    case "frame":
      return [{ ...state, phase: "live", attempt: 0, silent: 0, id: Math.max(state.id, event.id) }, ["watch"]];
    case "reset":
      return [{ ...state, phase: "live", attempt: 0, silent: 0, id: event.id, missed: false }, ["watch", "refresh"]];
    case "dropped":
      return active(state) ? [{ ...state, phase: "opening" }, ["limit"]] : [state, []];
    case "closed":
      return active(state) ? [{ ...state, phase: "checking", missed: true }, ["close", "probe"]] : [state, []];
    case "silent":
      if (state.phase === "live") return [state, ["probe"]];
      return state.phase === "opening" ? [{ ...state, phase: "checking", missed: true }, ["close", "probe"]] : [state, []];
    case "probed":
      return probed(state, event);
    case "waited":
    case "hurry":
      return state.phase === "waiting" ? open(state) : [state, event.type === "hurry" && active(state) ? ["probe"] : []];
    case "signedin":
      return state.phase === "signin" ? open({ ...state, attempt: 0 }) : [state, []];
    default:
      throw new Error(`the live connection has no event "${event.type}"`);
  }
}

function active(state) {
  return state.phase === "opening" || state.phase === "live";
}

function open(state) {
  return [{ ...state, phase: "opening", silent: 0 }, [{ open: state.id }, "limit"]];
}

function live(state) {
  const effects = state.missed ? ["watch", "refresh"] : ["watch"];
  return [{ ...state, phase: "live", attempt: 0, missed: false }, effects];
}

/** What the service said when it was asked: `status` 0 is no answer at all, `position` is that of its rows. */
function probed(state, { status, position }) {
  if (state.phase !== "checking" && state.phase !== "live") return [state, []];
  if (status === 401) return [{ ...state, phase: "signin", missed: true }, ["close", "signin"]];
  const well = status === 200;
  if (state.phase === "live" && well) {
    const silent = state.silent + 1;
    if (position <= state.id && silent < SILENT_PROBES) return [{ ...state, silent }, ["watch"]];
    const [next, effects] = open(state);
    return [next, ["close", ...effects]];
  }
  const attempt = state.attempt + 1;
  return [{ ...state, phase: "waiting", attempt, missed: true }, ["close", { wait: attempt }]];
}
