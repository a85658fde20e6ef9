// Thirteen months beside each other, with how much is due in each; each leads to its days.
import { svg } from "../../vendor/lit-html/lit-html.js";
import { address, changed } from "../router.js";

const HEIGHT = 44; // of the bars, in CSS pixels
const BASE = 2; // of a month without anything due, so that it is seen to be there

/** The months {month, due, closed, overdue}; `shown` is the one whose days are listed. */
export function monthsBar(months, shown, ctx) {
  const { html, nothing } = ctx;
  const most = Math.max(1, ...months.map((one) => one.due));
  return html`
    <nav class="months" aria-label=${ctx.t("calendar.months")}>
      <ol>
        ${months.map(
          (one) =>
            html`<li class=${one.due ? "" : "empty"}>
              <a
                href=${address(location.pathname, changed(ctx.params, { month: one.month }))}
                aria-current=${one.month === shown ? "true" : nothing}
              >
                ${bar(one, most)}
                <b>${one.due}</b>
                <span>${label(one.month, ctx)}</span>
                <span class="unseen">${spoken(one, ctx)}</span>
              </a>
            </li>`,
        )}
      </ol>
    </nav>
  `;
}

// What is overdue stands at the bottom of the bar, what is closed at its top, as in the board's counts.
function bar(one, most) {
  const height = (count) => (count * (HEIGHT - BASE)) / most;
  const whole = height(one.due) + BASE;
  return svg`
    <svg width="28" height=${HEIGHT} aria-hidden="true">
      <rect class="due" x="0" y=${HEIGHT - whole} width="28" height=${whole}></rect>
      <rect class="closed" x="0" y=${HEIGHT - whole} width="28" height=${height(one.closed)}></rect>
      <rect class="overdue" x="0" y=${HEIGHT - height(one.overdue)} width="28" height=${height(one.overdue)}></rect>
    </svg>
  `;
}

function label(month, ctx) {
  const [year, number] = month.split("-").map(Number);
  return number === 1 ? ctx.t("calendar.year-month", year, number) : ctx.t("calendar.only-month", number);
}

function spoken({ month, due, closed, overdue }, ctx) {
  return ctx.t("calendar.spoken", ...month.split("-").map(Number), due, closed, overdue);
}
