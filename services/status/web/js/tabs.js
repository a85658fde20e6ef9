// One live connection for all tabs of a ledger: a leader elected over BroadcastChannel, with a heartbeat.
//
// Browsers open six connections to an origin, and each stream takes one. Web Locks would elect a leader more simply,
// but exist in secure contexts only, and many offices serve plain http.

const BEAT_MS = 2_000; // between two heartbeats of the leader
const QUIET_MS = 5_000; // without a sign of the leader, after which it is asked for one
const DEAD_MS = 8_000; // without a sign, after which another tab leads; timers of hidden tabs are slow, answers are not
const FIRST_MS = 250; // for an answer of a leader to a new tab

/** One tab among those of a ledger; `on` has the callbacks lead(), resign(), greet(), message(data). */
export class Tabs {
  constructor(ledger, on) {
    this.on = on;
    this.me = crypto.getRandomValues(new Uint32Array(2)).join("-");
    this.joined = false;
    this.leading = false;
    this.term = 0;
    this.seen = 0;
    this.channel = new BroadcastChannel(`duban:${ledger}`);
    this.channel.addEventListener("message", ({ data }) => this.hear(data));
    addEventListener("pagehide", () => this.leave());
    addEventListener("pageshow", (event) => event.persisted && this.join());
    setInterval(() => this.tick(), BEAT_MS);
  }

  /** Look for a leader, and lead where there is none. */
  join() {
    this.joined = true;
    this.seen = 0;
    this.post({ kind: "ask" });
    setTimeout(() => !this.leading && !this.seen && this.claim(), FIRST_MS * (1 + Math.random()));
  }

  /** Pass something on to the other tabs. */
  share(message) {
    this.post({ kind: "share", message });
  }

  post(data) {
    this.channel.postMessage({ ...data, from: this.me, term: this.term, leading: this.leading });
  }

  claim() {
    this.term += 1;
    this.leading = true;
    this.post({ kind: "beat" });
    this.on.lead();
  }

  leave() {
    if (!this.leading) return;
    this.leading = false;
    this.post({ kind: "bye" });
    this.on.resign();
  }

  hear(data) {
    if (data.kind === "bye") {
      if (this.joined) this.join();
      return;
    }
    if (data.leading) this.hearLeader(data);
    else if (data.kind === "ask" && this.leading) {
      this.post({ kind: "beat" });
      this.on.greet();
    }
    if (data.kind === "share") this.on.message(data.message);
  }

  /** Of two leaders, the one of the later term stays; of the same term, the one with the smaller name. */
  hearLeader({ from, term }) {
    if (this.leading && (term < this.term || (term === this.term && this.me < from))) {
      this.post({ kind: "beat" });
      return;
    }
    this.term = Math.max(term, this.term);
    this.seen = Date.now();
    if (this.leading) {
      this.leading = false;
      this.on.resign();
    }
  }

  tick() {
    if (!this.joined) return;
    if (this.leading) {
      this.post({ kind: "beat" });
      return;
    }
    const silence = Date.now() - this.seen;
    if (this.seen && silence > DEAD_MS) this.claim();
    else if (silence > QUIET_MS) this.post({ kind: "ask" });
  }
}
