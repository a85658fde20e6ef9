// What each unit of a task has done: 签收, 进展, 最近反馈, 状态.

import { local } from "./instants.js";
import { unitLink } from "./links.js";
import { said } from "./phrase.js";

/** The table of a row's units, the lead first as the document lists them. */
export function unitParts(row, ctx) {
  const { html, repeat } = ctx;
  return html`
    <section class="parts" aria-labelledby="parts-title">
      <table class="sheet stacks">
        <caption id="parts-title">
          ${ctx.t("parts.title")}
          <small>${ctx.t("parts.count", row.units.length)}</small>
        </caption>
        <thead>
          <tr>
            ${["unit", "signed", "percent", "last", "state"].map((name) => html`<th scope="col">${ctx.t(`parts.${name}`)}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${repeat(
            row.units,
            (part) => part.unit,
            (part) => line(part, ctx),
          )}
        </tbody>
      </table>
    </section>
  `;
}

function line(part, ctx) {
  const { html } = ctx;
  const none = html`<span class="none">—</span>`;
  const day = (instant) => (instant === null ? none : local(instant)[0]);
  return html`
    <tr>
      <th scope="row">
        <a href=${unitLink(ctx, part.unit)}>${said(part.unit, ctx)}</a>
        ${part.role === "lead" ? html`<small>${ctx.t("role.lead")}</small>` : ""}
      </th>
      <td data-label=${ctx.t("parts.signed")}>${day(part.signed_at)}</td>
      <td data-label=${ctx.t("parts.percent")}>${part.percent === null ? none : `${part.percent}%`}</td>
      <td data-label=${ctx.t("parts.last")}>${day(part.last_report_at)}</td>
      <td data-label=${ctx.t("parts.state")}>${partState(part, ctx)}</td>
    </tr>
  `;
}

/** A part's state in words; `assigned` is told apart by whether the unit has confirmed receipt. */
export function partState(part, ctx) {
  const signed = part.state === "assigned" && part.signed_at !== null;
  return ctx.t(signed ? "part.signed" : `part.${part.state}`);
}
