// What became of an alert, in words; a state that this page does not know is shown as it is given.
import { has } from "../words.js";
import { phrase, said } from "./phrase.js";

/** The state of an alert and, where they tell more, those of its channels: [template]. */
export function delivery(alert, ctx) {
  const { html } = ctx;
  const channels = alert.deliveries ?? [];
  if (alert.dropped) return html`${word(alert.state, ctx)} <small>${reason(alert.dropped, ctx)}</small>`;
  if (channels.length === 0) return word(alert.state, ctx);
  if (channels.length === 1) {
    const [only] = channels;
    return html`${became(only, ctx)} <small>${only.channel}</small>`;
  }
  return html`${word(alert.state, ctx)}
    <ul class="channels">
      ${channels.map((one) => html`<li><small>${one.channel}：${became(one, ctx)}</small></li>`)}
    </ul>`;
}

// Why it was not sent: a word, of a silence with the ledger's own reason after a colon.
function reason(dropped, ctx) {
  const [code, own] = dropped.split(/: (.*)/s);
  const word = has(`dropped.${code}`) ? ctx.t(`dropped.${code}`) : code;
  return own ? phrase(ctx, "dropped.because", word, said(own, ctx)) : word;
}

/** The word of a state, of an alert or of a delivery. */
export function word(state, ctx) {
  return has(`alert.${state}`) ? ctx.t(`alert.${state}`) : state;
}

function became({ state, attempts = [] }, ctx) {
  if (state === "waiting" && attempts.length > 0) return ctx.t("alert.again", attempts.length);
  const detail = attempts.at(-1)?.detail;
  return state === "failed" && detail ? ctx.t("alert.failed-because", detail) : word(state, ctx);
}
