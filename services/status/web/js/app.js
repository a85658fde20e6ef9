// The page as a whole: which view of which data is shown, and what the live connection makes of it.
import { render } from "../vendor/lit-html/lit-html.js";
import { announce } from "./announce.js";
import { read, send } from "./api.js";
import { Connection } from "./connection.js";
import { context } from "./context.js";
import { frame } from "./frame.js";
import { backoff } from "./live.js";
import { nameLights } from "./light_names.js";
import { place } from "./navigation.js";
import { language } from "./prefs.js";
import { parse } from "./router.js";
import { Session } from "./session.js";
import { SignInForm } from "./signin.js";
import { said, trouble } from "./trouble.js";
import { viewOf } from "./views.js";
import { translate } from "./words.js";
import { setZone } from "./zone.js";

const STALE_MS = 3_000; // without a connection, after which the page says so: a restart takes less
const FIGURES_MS = 1_000; // after a change, until the figures are read again: once for many changes
const MINUTE_MS = 60_000; // between two readings of the figures without a change: the day ends without one

export class App {
  constructor(ledger) {
    this.ledger = ledger;
    this.t = (key, ...values) => translate(language(), key, ...values);
    this.redraw = () => this.draw();
    this.signOut = () => this.leave();
    this.session = new Session(ledger, new SignInForm(this.t));
    this.shown = null; // {view, data, ctx}
    this.today = null; // the overview of now
    this.turn = 0;
    this.loading = false;
    this.arrived = []; // changes while a view is loading, none of them for an error that is shown
    this.attempt = 0;
    this.refusal = null; // why the code of this page's link was not accepted, as a message
    this.live = { phase: "idle", position: 0, stale: false };
    this.role = null; // of who is signed in, where that is known
    this.notice = null; // what an act of the frame has come to, as a key of the words
    this.connection = new Connection(ledger, {
      row: (row) => this.arrive({ row }),
      gone: (gone) => this.arrive({ gone }),
      refresh: () => this.show(),
      signin: () => this.signIn(),
      entered: () => this.session.entered(),
      phase: (phase, id) => this.turnTo(phase, id),
    });
  }

  async begin(code) {
    this.refusal = code === null ? null : await this.useCode(code);
    const asked = this.session.who().catch(() => null); // where there is no answer now, the first read asks again
    await this.show();
    this.refusal = null; // whoever may read needs no other link
    const who = await asked;
    this.signedIn ||= Boolean(who?.source); // an open ledger is read without one
    this.role ??= who?.role ?? null;
    this.draw();
    setInterval(() => document.visibilityState === "visible" && this.live.phase === "live" && this.renew(), MINUTE_MS);
  }

  async signIn() {
    await this.session.signIn(this.refusal);
    this.enter();
  }

  /** Sign in by the code of a link; answers the message of a refusal, else null. Only a read asks for a token. */
  async useCode(code) {
    const refusal = await this.session.byCode(code);
    if (refusal === null) this.enter();
    return refusal;
  }

  /** Somebody has signed in on this page: questions that wait for it, here and in other tabs, are answered. */
  enter() {
    this.refusal = null;
    this.signedIn = true;
    this.learnRole();
    this.session.entered();
    this.connection.signedIn();
    this.drawSoon();
  }

  /** What a view offers depends on who is signed in; the services decide. */
  async learnRole() {
    const who = await this.session.who().catch(() => null);
    this.role = who?.role ?? null;
    this.drawSoon();
  }

  async leave() {
    try {
      await this.session.signOut();
      location.reload();
    } catch (error) {
      if (error.status === undefined) throw error;
      this.notice = "signout.failed";
      this.draw();
    }
  }

  /** Read JSON of the ledger, with a sign-in where that is asked for: {body, position}. */
  read(path, params) {
    return read(this.ledger, path, params, () => this.signIn());
  }

  /** Post JSON to the ledger, with a sign-in where that is asked for: {status, body}. */
  send(path, body) {
    return send(this.ledger, path, body, () => this.signIn());
  }

  async readToday() {
    const { body, position } = await this.read("overview");
    setZone(body.zone);
    nameLights(body.light_names);
    this.today = body;
    this.todayPosition = position;
    return body;
  }

  /** Show the page of the address; `moved` where it is another page than before, `scroll` where it was left. */
  async show({ moved = false, scroll = null } = {}) {
    const turn = ++this.turn;
    this.loading = true;
    if (moved) this.notice = null;
    const route = parse(location.pathname, location.search);
    try {
      const [view] = await Promise.all([viewOf(route.name), this.today === null || !moved ? this.readToday() : null]);
      const ctx = context(this, route);
      const [info, data] = await Promise.all([ctx.asOf ? ctx.api("overview") : this.today, view.load(ctx)]);
      if (turn !== this.turn) return;
      ctx.info = info;
      this.attempt = 0;
      this.shown = { view, data, ctx };
      this.connection.start(ctx.asOf ? this.todayPosition : Math.min(this.todayPosition, ctx.position));
    } catch (error) {
      if (turn !== this.turn) return;
      this.fail(error, route, moved);
    }
    this.loading = false;
    if (this.shown.view) this.catchUp();
    else this.arrived = [];
    this.draw();
    performance.mark("duban.shown"); // for measurements of how long a page takes
    if (moved) place(scroll);
    this.complete();
  }

  /** Read what a view shows after its first drawing, where it has such. */
  async complete() {
    const { view, data, ctx } = this.shown;
    if (!view?.more) return;
    try {
      ctx.update(await view.more(data, ctx));
    } catch (error) {
      if (!error.retry) throw error; // the service is away: the reconnection reads all again
    }
  }

  fail(error, route, moved) {
    if (error.status === undefined) console.error(error);
    if (error.retry) {
      this.attempt += 1;
      const turn = this.turn;
      setTimeout(() => turn === this.turn && this.show({ moved }), backoff(this.attempt, Math.random()));
    }
    if (error.retry && !moved && this.shown !== null) return; // what is shown stays, and the frame says that it is old
    this.shown = { error, ctx: context(this, route) };
  }

  arrive(change) {
    this.renew();
    if (!this.loading && !this.shown?.view) return; // an error, in whose place all is read anew
    this.arrived.push(change);
    if (!this.loading) this.catchUp();
  }

  /** Apply what arrived to what is shown; a past day does not change. */
  catchUp() {
    const { view, ctx } = this.shown;
    const arrived = this.arrived.splice(0);
    if (ctx.asOf) return;
    for (const { row, gone } of arrived) {
      const next = row ? view.change(this.shown.data, row, ctx) : (view.gone?.(this.shown.data, gone.task, ctx) ?? {});
      if (next.data !== undefined) this.shown.data = next.data;
      if (next.announce) announce(next.announce);
    }
    this.drawSoon();
  }

  /** Read the figures again, a moment after the first of several changes. */
  renew() {
    this.renewing ??= setTimeout(async () => {
      this.renewing = undefined;
      try {
        await this.readToday();
        if (this.shown?.view && !this.shown.ctx.asOf) this.shown.ctx.info = this.today;
        this.drawSoon();
      } catch (error) {
        if (!error.retry) throw error; // the service is away: the reconnection reads all again
      }
    }, FIGURES_MS);
  }

  turnTo(phase, position) {
    const before = this.live;
    this.live = { phase, position, stale: before.stale && phase !== "live" };
    if (before.stale && phase === "live") announce(this.t("live.again"));
    if (before.phase === "live" && phase !== "live") setTimeout(() => this.becomeStale(), STALE_MS);
    this.drawSoon();
  }

  becomeStale() {
    if (this.live.phase === "live") return;
    this.live = { ...this.live, stale: true };
    announce(this.t("live.stale", this.live.position));
    this.drawSoon();
  }

  drawSoon() {
    this.drawing ??= requestAnimationFrame(() => {
      this.drawing = undefined;
      this.draw();
    });
  }

  draw() {
    const { shown, live } = this;
    if (shown === null) return;
    const { view, ctx } = shown;
    ctx.renew(live);
    const { heading, content } = this.content();
    const title = this.today?.title ?? this.ledger;
    const position = ctx.asOf && view ? ctx.position : Math.max(live.position, this.todayPosition ?? 0);
    const app = { ...this, ...live, position, route: ctx.route, asOf: ctx.asOf, title };
    document.title = `${heading} · ${title}`;
    render(frame(app, content), document.getElementById("app"));
  }

  /** What is shown within the frame, and its name: of the view, or of the error that has come in its place. */
  content() {
    const { view, data, ctx } = this.shown;
    let { error } = this.shown;
    try {
      if (!error) return { heading: view.title(ctx, data), content: view.render(data, ctx) };
    } catch (fault) {
      console.error(fault);
      error = fault;
    }
    return { heading: said(error, this), content: trouble(error, this) };
  }
}
