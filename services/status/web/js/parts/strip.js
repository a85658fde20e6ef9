// The strip of a task: the time from assignment to due, the lead's progress beside what the time asks for, each report.
//
// Lengths are SVG attributes, because the policy of the page allows no style attributes.

import { svg } from "../../vendor/lit-html/lit-html.js";
import { date, proportional } from "../format.js";
import { lastDay, local } from "./instants.js";

const HEIGHT = 64;
const BAR_TOP = 26;
const BAR_HEIGHT = 10;
const LABEL_BELOW = 60;

// Per cent from either edge within which a label is set towards the middle, so that it is not cut off.
const EDGE = 8;

/** {from, to, due, now} in milliseconds: the strip reaches to the due instant, and on to now where a task is late. */
export function span(row, now, original) {
  const from = Date.parse(row.opened_at);
  const due = row.due === null ? null : Date.parse(row.due);
  const end = row.closed_at === null ? Date.parse(now) : Date.parse(row.closed_at);
  const first = original === null ? null : Date.parse(original);
  const to = Math.max(due ?? end, first ?? 0, row.overdue_since === null ? 0 : end, from + 1);
  return { from, to, due, first: first === due ? null : first, now: end };
}

/** Where an instant lies in a span, in per cent. */
export function share(instant, { from, to }) {
  return Math.min(100, Math.max(0, (100 * (instant - from)) / (to - from)));
}

/** The per cent that the time that has passed asks for (序时进度), in whole per cent; null without a due instant. */
export function expected(row, now) {
  const asked = proportional(row, now);
  return asked === null ? null : Math.round(asked);
}

/** The strip; `reports` are the instants of the lead's reports, `original` the first due instant or null. */
export function strip(row, reports, original, now, ctx) {
  const { html, nothing } = ctx;
  const place = span(row, now, original);
  const due = place.due === null ? null : share(place.due, place);
  const here = share(place.now, place);
  const done = row.percent === null ? null : (row.percent * (due ?? 100)) / 100;
  return html`
    <figure class="strip">
      <svg width="100%" height=${HEIGHT} role="img" aria-label=${spoken(row, reports, now, ctx)}>
        <rect class="ground" x="0" y=${BAR_TOP} width="100%" height=${BAR_HEIGHT}></rect>
        ${done === null ? nothing : rect("done", 0, done)}
        ${due === null || here <= due || row.overdue_since === null ? nothing : rect("late", due, here - due)}
        ${reports.map((at) => line("report", share(Date.parse(at), place), BAR_TOP - 5, BAR_TOP + BAR_HEIGHT + 5))}
        ${place.first === null ? nothing : marker("first", share(place.first, place), ctx.t("strip.original"), LABEL_BELOW)}
        ${due === null ? nothing : marker("due", due, due < 100 - EDGE ? ctx.t("strip.due") : "", LABEL_BELOW)}
        ${marker("now", here, ctx.t(row.closed_at ? "strip.closed" : ctx.asOf ? "strip.that-day" : "strip.today"), 12)}
      </svg>
      <figcaption>
        <span>${ctx.t("strip.from", edge(row.opened_at, ctx))}</span>
        <span>${row.due === null ? ctx.t("strip.open-end") : ctx.t("strip.to", dueDay(row, ctx))}</span>
      </figcaption>
    </figure>
  `;
}

function rect(name, from, length) {
  return svg`<rect class=${name} x="${from}%" y=${BAR_TOP} width="${length}%" height=${BAR_HEIGHT}></rect>`;
}

function line(name, x, top, bottom) {
  return svg`<line class=${name} x1="${x}%" x2="${x}%" y1=${top} y2=${bottom}></line>`;
}

function marker(name, x, label, y) {
  const anchor = x < EDGE ? "start" : x > 100 - EDGE ? "end" : "middle";
  return svg`
    ${line(name, x, BAR_TOP - 10, BAR_TOP + BAR_HEIGHT + 8)}
    <text class=${name} x="${x}%" y=${y} text-anchor=${anchor}>${label}</text>
  `;
}

// The picture in one sentence, for those who do not see it.
function spoken(row, reports, now, ctx) {
  const asked = expected(row, now);
  const progress = row.percent === null ? ctx.t("strip.no-percent") : ctx.t("strip.percent", row.percent);
  const time = asked === null ? "" : ctx.t("strip.asked", asked);
  return ctx.t("strip.spoken", edge(row.opened_at, ctx), dueDay(row, ctx), progress, time, reports.length);
}

function edge(instant, ctx) {
  return date(local(instant)[0], ctx.lang);
}

function dueDay(row, ctx) {
  return row.due === null ? ctx.t("strip.no-due") : date(lastDay(row.due), ctx.lang);
}
