// The time rail: the knob is the day that is shown, the bars are the deadlines, and all else on the page follows it.
import { svg } from "../../vendor/lit-html/lit-html.js";
import { date } from "../format.js";
import { dayOf } from "../instant.js";
import { here } from "../navigation.js";
import { changed } from "../router.js";
import { named, nearest, number, railOf, stepped, ticks } from "./days.js";

const SETTLE_MS = 150; // after the last movement of the knob, before the rows of its day are read
const HEIGHT = 58; // of the drawing, in pixels; its width follows the page
const AXIS = 38;
const TALLEST = 26; // of a bar
const LABEL_SHARE = 0.035; // of the width, which the number over a bar takes: closer ones would overlap

let settling = 0;

/** The rail of the ledger, with a date field for the same day. */
export function rail(data, ctx) {
  const { html, nothing, t, lang } = ctx;
  const today = dayOf(ctx.today.at);
  const line = railOf(ctx.today.days, data.dues, today);
  if (line.last - line.first < 2) return nothing;
  const shown = ctx.asOf ? Math.min(line.today, number(data.day)) : line.today;
  const at = (day) => (100 * (day - line.first)) / (line.last - line.first);
  const choose = (day, options) => {
    clearTimeout(settling);
    return go(ctx, day === line.today ? null : named(day), options);
  };
  const move = (knob, day) => {
    knob.value = String(day);
    knob.setAttribute("aria-valuetext", date(named(day), lang));
    clearTimeout(settling);
    settling = setTimeout(() => knob.isConnected && choose(day, { replace: true }), SETTLE_MS);
  };
  return html`<section class="rail" aria-label=${t("rail.label")}>
    <div class="track">
      <svg class="years" height=${HEIGHT} aria-hidden="true">${scale(line, at)} ${bars(line, at, shown)}</svg>
      <svg class="labels" height=${HEIGHT + 22} aria-hidden="true">${labels(line, at, t)}</svg>
      <input
        type="range"
        min=${line.first}
        max=${line.last}
        .value=${String(shown)}
        aria-label=${t("rail.label")}
        aria-valuetext=${date(named(shown), lang)}
        @keydown=${(event) => {
          // from where the knob is: the day that is drawn is older while the rows of the next one are read
          const day = stepped(line.stops, Number(event.target.value), event.key);
          if (day === null || event.altKey || event.ctrlKey || event.metaKey) return;
          event.preventDefault();
          move(event.target, day);
        }}
        @input=${({ target }) => move(target, nearest(line.stops, Number(target.value)))}
      />
    </div>
    <div class="day">
      <label>${t("rail.date")}
        <input
          type="date"
          min=${named(line.first)}
          max=${today}
          .value=${named(shown)}
          @change=${({ target }) => target.value && target.validity.valid && choose(number(target.value))}
        />
      </label>
      ${ctx.asOf ? html`<button @click=${() => choose(line.today)}>${t("rail.now")}</button><span>${t("rail.past")}</span>` : nothing}
    </div>
  </section>`;
}

function go(ctx, day, options) {
  return ctx.go(changed(here(), { as_of: day, cursor: null }), options);
}

function scale(line, at) {
  return [
    svg`<line class="axis" x1="0" x2="100%" y1=${AXIS} y2=${AXIS}></line>`,
    ticks(line.first, line.last).map(({ day, year }) => {
      const x = `${at(day).toFixed(2)}%`;
      return svg`<line class="tick" x1=${x} x2=${x} y1=${AXIS} y2=${AXIS + (year ? 8 : 3)}></line>`;
    }),
  ];
}

function bars(line, at, shown) {
  const most = Math.max(1, ...line.dues.map(({ due }) => due));
  return [
    line.dues.map(({ day, due }) => {
      const height = Math.max(3, (TALLEST * due) / most);
      return svg`<rect class="due" x=${`${at(number(day) + 1).toFixed(2)}%`} y=${AXIS - height} width="5" height=${height}
        transform="translate(-2.5 0)"></rect>`;
    }),
    svg`<rect class="past" x="0" y=${AXIS - 1.5} width=${`${Math.max(0, at(shown)).toFixed(2)}%`} height="3"></rect>`,
  ];
}

/** Years under the axis; over it, how many tasks are due where there is room to say so. */
function labels(line, at, t) {
  const most = Math.max(1, ...line.dues.map(({ due }) => due));
  const said = [];
  for (const one of [...line.dues].sort((a, b) => b.due - a.due)) {
    const x = at(number(one.day) + 1);
    if (said.every((other) => Math.abs(other.x - x) > 100 * LABEL_SHARE)) said.push({ ...one, x });
  }
  return [
    said.map(({ due, x }) => {
      const y = AXIS - Math.max(3, (TALLEST * due) / most) - 5;
      return svg`<text class="count" x=${`${x.toFixed(2)}%`} y=${y}>${t("rail.due", due)}</text>`;
    }),
    ticks(line.first, line.last)
      .filter(({ year }) => year)
      .map(({ day, year }) => svg`<text class="year" x=${`${at(day).toFixed(2)}%`} y=${AXIS + 22}>${year}</text>`),
  ];
}
