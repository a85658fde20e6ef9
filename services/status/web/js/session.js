// Signing in and out, in place: what is on the page stays, and goes on afterwards.
import { ApiError, detail, request } from "./api.js";

const RETRY_SECONDS = 1; // where a refusal names no time

const CODE = /^#code=([\w.~-]+)$/;

/** Whether the address is a one-time link. */
export function hasCode() {
  return CODE.test(location.hash);
}

/** The code of a one-time link, which is removed from the address before anything else happens; null if none. */
export function takeCode() {
  const found = CODE.exec(location.hash);
  if (found === null) return null;
  history.replaceState(history.state, "", location.pathname + location.search);
  return found[1];
}

/** The session of one ledger; `ask` shows the form and gives back what was typed, `done` hides it. */
export class Session {
  constructor(ledger, form) {
    this.url = `/v1/${encodeURIComponent(ledger)}/session`;
    this.form = form;
    this.pending = null;
    this.known = false;
  }

  /** Who is signed in, or null: {source, role, units, until}. */
  async who() {
    const response = await request(this.url);
    this.known ||= response.ok;
    return response.ok ? response.json() : null;
  }

  /** Sign in by the code of a link; answers the message where that fails, else null. An open question has it, too. */
  async byCode(code) {
    const refusal = await this.enter({ code });
    if (refusal === null) return null;
    const message = refusal.status === 401 ? ["signin.badcode"] : words(refusal);
    if (this.pending) this.form.show(message);
    return message;
  }

  /** Ask for a token until one is valid; one question for all that wait for it. */
  signIn(message = null) {
    this.pending ??= this.question(message ?? (this.known ? ["signin.ended"] : null)).finally(() => {
      this.pending = null;
    });
    return this.pending;
  }

  async question(message) {
    for (let shown = message; ; ) {
      const token = await this.form.ask(shown);
      if (token === null) break; // a link or another tab has signed in
      const refusal = await this.enter({ token });
      if (refusal === null) break;
      shown = refusal.status === 401 ? ["signin.badtoken"] : words(refusal);
    }
    this.form.done();
  }

  /** A link or another tab has signed in: the cookie is that of the question, too. */
  entered() {
    if (this.pending) this.form.cancel();
  }

  /** End the session; raises ApiError where it may still be good. */
  async signOut() {
    const response = await request(this.url, { method: "DELETE" });
    if (!response.ok && response.status !== 401) throw new ApiError(response.status, await detail(response));
    this.known = false;
  }

  /** Send a token or a code; null when signed in, else the refusal. */
  async enter(secret) {
    try {
      const response = await request(this.url, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(secret),
      });
      if (response.ok) {
        this.known = true;
        return null;
      }
      const after = Number(response.headers.get("Retry-After") ?? RETRY_SECONDS);
      return { status: response.status, after, text: await detail(response) };
    } catch (error) {
      if (error instanceof ApiError) return { status: 0, after: RETRY_SECONDS, text: error.message };
      throw error;
    }
  }
}

function words({ status, after, text }) {
  if (status === 429) return ["signin.slow", after];
  return status === 0 || status >= 500 ? ["signin.away"] : ["signin.failed", status, text];
}
