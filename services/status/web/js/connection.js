// The changes of a ledger as one tab gets them: from its own stream where it leads the tabs, else from the leader.
import { Stream } from "./stream.js";
import { Tabs } from "./tabs.js";

/** `on` has the callbacks row(row), gone(gone), refresh(), signin(), entered() and phase(phase, id). */
export class Connection {
  constructor(ledger, on) {
    this.on = on;
    this.id = 0;
    this.started = false;
    this.phase = "idle";
    this.stream = new Stream(ledger, {
      row: (row) => this.pass({ row }),
      gone: (gone) => this.pass({ gone }),
      refresh: () => this.pass({ refresh: true }),
      signin: () => this.pass({ signin: true }),
      phase: (phase, id) => this.tabs.leading && this.pass({ phase, id }),
    });
    this.tabs = new Tabs(ledger, {
      lead: () => this.lead(),
      resign: () => this.stream.send({ type: "resign" }),
      greet: () => this.tabs.share({ phase: this.stream.state.phase, id: this.stream.state.id }), // a new tab has asked
      message: (message) => this.take(message),
    });
    addEventListener("pageshow", (event) => event.persisted && on.refresh()); // a page that was put away heard nothing
  }

  /** Follow the changes after a position; the tab must hear the others from before its rows were read. */
  start(position) {
    this.id = Math.max(this.id, position);
    if (!this.started) this.tabs.join();
    this.started = true;
  }

  /** Try at once: the browser is online again, or somebody looks at the page. */
  hurry() {
    if (this.tabs.leading) this.stream.send({ type: "hurry" });
  }

  /** Somebody has signed in here: the other tabs need not ask, and the leader may open its stream. */
  signedIn() {
    this.tabs.share({ entered: true });
    this.stream.send({ type: "signedin" });
  }

  /** Open the stream after this tab's position; what came before that, a tab that is behind would never hear of. */
  lead() {
    this.tabs.share({ after: this.id });
    this.stream.send({ type: "lead", id: this.id });
  }

  /** The leader's own news: for this tab and all others. */
  pass(message) {
    this.tabs.share(message);
    this.take(message);
  }

  take({ after, row, gone, refresh, signin, entered, phase, id }) {
    if (this.started && after > this.id) this.on.refresh();
    if (row) this.on.row(row);
    if (gone) this.on.gone(gone);
    if (refresh) this.on.refresh();
    if (signin) this.on.signin();
    if (entered) {
      this.on.entered();
      if (this.tabs.leading) this.stream.send({ type: "signedin" });
    }
    if (phase) {
      this.id = Math.max(this.id, id);
      this.phase = phase;
      this.on.phase(phase, this.id);
    }
  }
}
