// The alerts that a task has caused: when, to whom, what, what became of them, and who has taken them on.

import { has } from "../words.js";
import { ackForm, acks, offered, opener } from "./acknowledging.js";
import { delivery } from "./delivery.js";
import { local } from "./instants.js";
import { entryLink } from "./jump.js";
import { said } from "./phrase.js";

const COLUMNS = ["at", "recipient", "text", "state", "cause"];

/**
 * The table of alerts; `alerts` is null where the notifying service did not answer.
 *
 * `form` is the one in which somebody acknowledges an alert, null where none is open, `done` what that has come to;
 * `reread` reads alerts and history.
 */
export function alertTable({ alerts, row, form, done }, reread, ctx) {
  const { html } = ctx;
  if (alerts === null || alerts.length === 0) {
    return html`<section class="alerts">
      <h2>${ctx.t("alerts.title")}</h2>
      <p>${ctx.t(alerts === null ? "alerts.unavailable" : "alerts.none")}</p>
    </section>`;
  }
  const can = offered(alerts, row, ctx);
  return html`
    <section class="alerts" aria-labelledby="alerts-title">
      <p class="ack-done" role="status">${done}</p>
      <table class="sheet stacks">
        <caption id="alerts-title">
          ${ctx.t("alerts.title")}
          <small>${ctx.t("alerts.count", alerts.length)}</small>
        </caption>
        <thead>
          <tr>
            ${COLUMNS.map((name) => html`<th scope="col">${ctx.t(`alerts.${name}`)}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${ctx.repeat(
            alerts,
            (alert) => alert.id,
            (alert) => [line(alert, can.has(alert.id), form, ctx), formLine(alert, can.has(alert.id), form, reread, ctx)],
          )}
        </tbody>
      </table>
    </section>
  `;
}

function line(alert, can, form, ctx) {
  const { html, nothing } = ctx;
  const name = nameOf(alert, ctx);
  return html`
    <tr>
      <td data-label=${ctx.t("alerts.at")}>${local(alert.at).join(" ")}</td>
      <th scope="row">${said(alert.recipient, ctx)}</th>
      <td class="wide" data-label=${ctx.t("alerts.text")}><b>${name}</b> ${words(alert, ctx)}</td>
      <td data-label=${ctx.t("alerts.state")}>
        ${delivery(alert, ctx)} ${acks(alert, ctx)}
        ${can ? opener(alert, form, name, ctx) : nothing}
      </td>
      <td data-label=${ctx.t("alerts.cause")}>
        ${(alert.causes ?? []).map((position) => [entryLink(position, ctx), " "])}
      </td>
    </tr>
  `;
}

function formLine(alert, can, form, reread, ctx) {
  const { html, nothing } = ctx;
  if (form?.alert !== alert.id || !can) return nothing;
  return html`<tr class="ack-row"><td colspan=${COLUMNS.length}>${ackForm(alert, form, reread, ctx)}</td></tr>`;
}

/** What gave rise to it, and the step of an escalation; a word that this page does not know is shown as it is given. */
function nameOf(alert, ctx) {
  const name = has(`trigger.${alert.on}`) ? ctx.t(`trigger.${alert.on}`) : alert.on;
  return alert.step > 0 && alert.on !== "neared" ? `${name} · ${ctx.t("trigger.step", alert.step)}` : name;
}

// Without what this page says of the task itself: its title (the first line, shortened if long), its id and its lead.
function words(alert, ctx) {
  const known = [alert.task, alert.lead].filter(Boolean);
  const lines = alert.text.split("\n").slice(alert.task_title ? 1 : 0);
  return said(lines.filter((text) => !known.some((one) => text.endsWith(`：${one}`))).join("\n"), ctx);
}
