// The effects of the live connection: one EventSource, one timer, one probe.
import { INITIAL, OPEN_MS, WATCHDOG_MS, backoff, transition } from "./live.js";

const PROBE_MS = 10_000; // for the answer to a probe

/** The live connection of one ledger; `on` has the callbacks row, gone, refresh, signin and phase. */
export class Stream {
  constructor(ledger, on) {
    this.base = `/v1/${encodeURIComponent(ledger)}`;
    this.on = on;
    this.state = INITIAL;
    this.source = null;
    this.timer = 0;
    this.probes = 0;
  }

  /** Feed one event to the machine and carry out what it asks for. */
  send(event) {
    const [next, effects] = transition(this.state, event);
    const before = this.state;
    this.state = next;
    for (const effect of effects) this.carryOut(effect);
    if (next.phase !== before.phase || next.id !== before.id) this.on.phase(next.phase, next.id);
  }

  carryOut(effect) {
    if (effect === "close") this.close();
    else if (effect === "probe") this.probe();
    else if (effect === "refresh") this.on.refresh();
    else if (effect === "signin") this.on.signin();
    else if (effect === "watch") this.after(WATCHDOG_MS, "silent");
    else if (effect === "limit") this.after(OPEN_MS, "silent");
    else if (effect.wait !== undefined) this.after(backoff(effect.wait, Math.random()), "waited");
    else this.open(effect.open);
  }

  after(milliseconds, type) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send({ type }), milliseconds);
  }

  close() {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }

  open(id) {
    this.source?.close();
    const source = new EventSource(`${this.base}/changes?after=${id}`);
    this.source = source;
    const current = (act) => (event) => {
      if (this.source === source) act(event);
    };
    source.addEventListener("open", current(() => this.send({ type: "opened" })));
    source.addEventListener("error", current(() => {
      this.send({ type: source.readyState === EventSource.CLOSED ? "closed" : "dropped" });
    }));
    source.addEventListener("task", current((event) => {
      this.on.row(JSON.parse(event.data));
      this.send({ type: "frame", id: number(event) });
    }));
    source.addEventListener("gone", current((event) => {
      this.on.gone(JSON.parse(event.data));
      this.send({ type: "frame", id: number(event) });
    }));
    source.addEventListener("reset", current((event) => this.send({ type: "reset", id: number(event) })));
  }

  /** Ask for the position of the rows, without a body. */
  async probe() {
    const mine = ++this.probes;
    let answer = { status: 0, position: 0 };
    try {
      const response = await fetch(`${this.base}/overview`, {
        method: "HEAD",
        cache: "no-store",
        credentials: "same-origin",
        signal: AbortSignal.timeout(PROBE_MS),
      });
      answer = { status: response.status, position: Number(response.headers.get("Duban-Position") ?? 0) };
    } catch {
      // no answer: status 0 says so
    }
    if (mine === this.probes) this.send({ type: "probed", ...answer });
  }
}

function number(event) {
  return Number(event.lastEventId.split("-")[0]);
}
