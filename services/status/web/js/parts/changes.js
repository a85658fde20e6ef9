// What changed in one task between two days, each kind with before and after.
import { light } from "./light.js";
import { list, phrase, said } from "./phrase.js";

/** The list of a row's changes; `row.changes` has the kinds and, of each member that differs, its value before. */
export function changeList(row, ctx) {
  const { html } = ctx;
  return html`<ul class="changes">
    ${row.changes.kinds.map((kind) => html`<li data-kind=${kind}><span class="kind">${ctx.t(`change.${kind}`)}</span>${values(kind, row, ctx)}</li>`)}
  </ul>`;
}

function values(kind, row, ctx) {
  const { before } = row.changes;
  switch (kind) {
    case "light":
      return arrow(light(before.light, ctx), light(row.light, ctx), ctx);
    case "percent":
      return arrow(percent(before.percent, ctx), percent(row.percent, ctx), ctx);
    case "deadline":
      return before.deadline.text === row.deadline.text
        ? arrow(before.due_day ?? ctx.t("none"), row.due_day ?? ctx.t("none"), ctx)
        : arrow(deadline(before, ctx), deadline(row, ctx), ctx);
    case "units":
      return units(before, row, ctx);
    default:
      return "";
  }
}

function arrow(before, after, { html, t }) {
  return html`<span
    ><del>${before}</del> <span aria-hidden="true">→</span><span class="unseen">${t("compare.arrow")}</span>
    <ins>${after}</ins></span
  >`;
}

// Only the units that came or went, because a task has a dozen that stay.
function units(before, row, ctx) {
  const now = row.units.map((part) => part.unit);
  const came = now.filter((name) => !before.units.includes(name));
  const went = before.units.filter((name) => !now.includes(name));
  const sentences = [
    before.lead === row.lead ? null : arrow(said(before.lead, ctx), said(row.lead, ctx), ctx),
    came.length ? phrase(ctx, "compare.came", list(came, ctx)) : null,
    went.length ? phrase(ctx, "compare.went", list(went, ctx)) : null,
  ].filter(Boolean);
  return sentences.length
    ? ctx.html`<span>${sentences.map((words, number) => [number ? ctx.t("list.comma") : "", words])}</span>`
    : ctx.html`<span>${ctx.t("compare.roles")}</span>`;
}

function percent(value, ctx) {
  return value === null || value === undefined ? ctx.t("none") : `${value}%`;
}

function deadline({ deadline: given, due_day: day }, ctx) {
  return [said(given?.text || ctx.t("deadline.empty"), ctx), day ? ` ${day}` : ""];
}
