// Acknowledging an alert: who has, and the form in which a person does.
import { date, dateTime } from "../format.js";
import { has } from "../words.js";
import { inZone, startOf } from "../zone.js";
import { addDays, lastDay } from "./instants.js";
import { phrase, said } from "./phrase.js";

const DAYS = [3, 7, 14]; // today included; 14 are the most that the ledger accepts

const ESCALATING = ["passed", "open", "silent"]; // what goes on to others unless somebody sees to it

let lastName = ""; // as typed on this page: a person acknowledges several alerts in a row

/** The acknowledgements of an alert, the latest first. */
export function acks(alert, ctx) {
  const { html } = ctx;
  return [...(alert.acks ?? [])].reverse().map((ack) => {
    const means = has(`ack.means.${ack.means}`) ? ctx.t(`ack.means.${ack.means}`) : ack.means;
    return html`<p class="ack">
      ${phrase(ctx, "ack.line", said(ack.by, ctx), said(ack.word, ctx), date(lastDay(ack.until), ctx.lang))}
      <small>${ctx.t("ack.recorded", dateTime(inZone(Date.parse(ack.at)), ctx.lang), means)}</small>
    </p>`;
  });
}

/**
 * The ids of the alerts that a reader is offered to acknowledge, of an open task, today, and not where one only looks on.
 *
 * These are the steps of an escalation, and the latest of what begins one: a word on any of them is about the task.
 */
export function offered(alerts, row, ctx) {
  if (row.state === "closed" || ctx.asOf !== null || ctx.role === "auditor") return new Set();
  const escalating = alerts.filter(({ on }) => ESCALATING.includes(on));
  const steps = escalating.filter(({ on, step }) => step > 0 && on !== "passed");
  return new Set([...escalating.slice(0, 1), ...steps].map(({ id }) => id));
}

/** The button that opens and closes the form of an alert. */
export function opener(alert, form, name, ctx) {
  const { html } = ctx;
  const open = form?.alert === alert.id;
  const standing = (alert.acks ?? []).some(({ until }) => Date.parse(until) > Date.parse(ctx.today.at));
  return html`<button
    class="acknowledge"
    id=${`ack-open-${alert.id}`}
    aria-expanded=${open ? "true" : "false"}
    @click=${() => (open ? close(alert, ctx) : begin(alert, ctx))}
  >
    ${ctx.t(standing ? "ack.open-again" : "ack.open")}<span class="unseen">${ctx.t("ack.open-of", alert.recipient, name)}</span>
  </button>`;
}

/** The form of an alert; `form` has what is wrong with what was submitted: {alert, faults, sending}. */
export function ackForm(alert, form, reread, ctx) {
  const { html } = ctx;
  const submit = (event) => {
    event.preventDefault();
    send(alert, form, event.target, reread, ctx);
  };
  const leave = (event) => event.key === "Escape" && close(alert, ctx);
  return html`<form class="ack-form" novalidate aria-labelledby="ack-title" @submit=${submit} @keydown=${leave}>
    <h3 id="ack-title">${ctx.t("ack.title")} <small>${said(alert.recipient, ctx)}</small></h3>
    <p class="note">${ctx.t("ack.note")}</p>
    ${field("by", form, ctx, { most: 50, value: lastName, complete: "name" })}
    ${field("word", form, ctx, { most: 200, hint: "ack.word-hint" })}
    <fieldset>
      <legend>${ctx.t("ack.until")}</legend>
      ${DAYS.map(
        (days) =>
          html`<label>
            <input type="radio" name="days" value=${days} ?checked=${days === DAYS[0]} />
            ${ctx.t(`ack.days-${days}`, date(addDays(today(ctx), days - 1), ctx.lang))}
          </label>`,
      )}
      ${fault("until", form, ctx)}
    </fieldset>
    <p class="refused" role="alert">${form.faults.form ?? ""}</p>
    <p class="acts">
      <button class="main" aria-disabled=${form.sending ? "true" : "false"}>
        ${ctx.t(form.sending ? "ack.sending" : "ack.submit")}
      </button>
      <button type="button" @click=${() => close(alert, ctx)}>${ctx.t("ack.cancel")}</button>
    </p>
  </form>`;
}

function field(name, form, ctx, { most, value = "", hint = null, complete = "off" }) {
  const { html, nothing } = ctx;
  const wrong = form.faults[name];
  const notes = [hint && `ack-${name}-hint`, wrong && `ack-${name}-wrong`].filter(Boolean).join(" ");
  return html`<div class="field">
    <label for=${`ack-${name}`}>${ctx.t(`ack.${name}`)}</label>
    <input
      id=${`ack-${name}`}
      name=${name}
      maxlength=${most}
      value=${value}
      autocomplete=${complete}
      required
      aria-invalid=${wrong ? "true" : nothing}
      aria-describedby=${notes || nothing}
    />
    ${hint ? html`<small id=${`ack-${name}-hint`}>${ctx.t(hint)}</small>` : nothing} ${fault(name, form, ctx)}
  </div>`;
}

function fault(name, form, ctx) {
  const { html, nothing } = ctx;
  const wrong = form.faults[name];
  return wrong ? html`<p class="refused" id=${`ack-${name}-wrong`}>${wrong}</p>` : nothing;
}

function begin(alert, ctx) {
  show({ alert: alert.id, faults: {}, sending: false }, ctx);
  document.getElementById("ack-by")?.focus();
}

function close(alert, ctx) {
  show(null, ctx);
  focusOpener(alert);
}

function focusOpener(alert) {
  document.getElementById(`ack-open-${alert.id}`)?.focus();
}

function show(form, ctx) {
  ctx.update((data) => ({ ...data, form, done: "" }));
}

/**
 * Replace a form by another or by none, and return whether it was open still; one that is open in its place stays.
 *
 * What became of it is in `words`, for those who do not see the form that says so.
 */
function replace(form, next, words, ctx) {
  let open = false;
  ctx.update((data) => {
    open = data.form === form;
    return { ...data, form: open ? next : data.form, done: open && next !== null ? "" : words };
  });
  return open;
}

async function send(alert, form, element, reread, ctx) {
  if (form.sending) return; // pressed twice
  const given = new FormData(element);
  const [by, word] = ["by", "word"].map((name) => given.get(name).trim());
  const faults = {};
  if (by === "") faults.by = ctx.t("ack.by-missing");
  if (word === "") faults.word = ctx.t("ack.word-missing");
  if (Object.keys(faults).length > 0) return refuse(form, faults, ctx);
  const until = inZone(startOf(addDays(today(ctx), Number(given.get("days")))));
  lastName = by;
  const sent = { ...form, faults: {}, sending: true };
  show(sent, ctx);
  try {
    const { status, body } = await ctx.send(`alerts/${encodeURIComponent(alert.id)}/ack`, { by, word, until });
    if (status !== 200 && status !== 201) return refuse(sent, reasons(status, body, ctx), ctx);
  } catch (error) {
    if (error.status === undefined) throw error;
    return refuse(sent, { form: ctx.t("ack.away") }, ctx);
  }
  if (replace(sent, null, ctx.t("ack.done", date(lastDay(until), ctx.lang)), ctx)) focusOpener(alert);
  reread();
}

function refuse(form, faults, ctx) {
  const first = ["by", "word"].find((name) => faults[name]);
  const open = replace(form, { ...form, faults, sending: false }, Object.values(faults)[0], ctx);
  if (open && first) document.getElementById(`ack-${first}`)?.focus();
}

/** What is wrong, by field: the services name the member (`$.by`) in what they say. */
function reasons(status, { code = null, detail = "" }, ctx) {
  const why = (key) => ctx.html`${ctx.t(key)} <small lang="en">${detail}</small>`;
  if (code === "task-closed") return { form: ctx.t("ack.closed") };
  if (status === 403) return { form: why("ack.forbidden") };
  if (status === 429 || status >= 500) return { form: ctx.t("ack.away") };
  const name = ["by", "word", "until"].find((one) => detail.includes(`$.${one}`) || detail.startsWith(`${one} `));
  return name ? { [name]: why(`ack.${name}-wrong`) } : { form: why("ack.failed") };
}

function today(ctx) {
  return inZone(Date.parse(ctx.today.at)).slice(0, 10);
}
