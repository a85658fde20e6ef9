// The alerts that a task has caused: when, to whom, what, and what became of them.

import { local } from "./instants.js";
import { entryLink } from "./jump.js";
import { said } from "./phrase.js";

/** The table of alerts; `alerts` is null where the notifying service did not answer. */
export function alertTable(alerts, ctx) {
  const { html } = ctx;
  if (alerts === null) {
    return html`<section class="alerts">
      <h2>${ctx.t("alerts.title")}</h2>
      <p>${ctx.t("alerts.unavailable")}</p>
    </section>`;
  }
  if (alerts.length === 0) {
    return html`<section class="alerts">
      <h2>${ctx.t("alerts.title")}</h2>
      <p>${ctx.t("alerts.none")}</p>
    </section>`;
  }
  return html`
    <section class="alerts" aria-labelledby="alerts-title">
      <table class="sheet stacks">
        <caption id="alerts-title">
          ${ctx.t("alerts.title")}
          <small>${ctx.t("alerts.count", alerts.length)}</small>
        </caption>
        <thead>
          <tr>
            ${["at", "recipient", "text", "state", "cause"].map((name) => html`<th scope="col">${ctx.t(`alerts.${name}`)}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${ctx.repeat(
            alerts,
            (alert) => alert.id,
            (alert) => line(alert, ctx),
          )}
        </tbody>
      </table>
    </section>
  `;
}

function line(alert, ctx) {
  const { html } = ctx;
  const channels = alert.deliveries.map((delivery) => delivery.channel).join(" ");
  return html`
    <tr>
      <td data-label=${ctx.t("alerts.at")}>${local(alert.at).join(" ")}</td>
      <th scope="row">${said(alert.recipient, ctx)}</th>
      <td class="wide" data-label=${ctx.t("alerts.text")}>${said(alert.text, ctx)}</td>
      <td data-label=${ctx.t("alerts.state")}>
        ${ctx.t(`alert.${alert.state}`)} ${channels && html`<small>${channels}</small>`}
      </td>
      <td data-label=${ctx.t("alerts.cause")}>${alert.causes.map((position) => [entryLink(position, ctx), " "])}</td>
    </tr>
  `;
}
