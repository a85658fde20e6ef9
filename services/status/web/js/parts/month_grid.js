// One month as a table of days, each with the tasks that are due on it.
import { date } from "../format.js";
import { shape } from "./light.js";
import { weeksOf } from "./instants.js";
import { taskLink } from "./links.js";

// Tasks that a day's cell lists; the rest is folded, or a month's end would be one cell high.
const LISTED_MOST = 8;

const WEEKDAYS = [1, 2, 3, 4, 5, 6, 7];
const TITLE_MOST = 28; // characters of a title in a cell; the whole one is in its link's title

/** The table of a month ("2018-12"); `rows` are the tasks whose last day lies in it, `today` is the day shown as such. */
export function monthGrid(month, rows, today, ctx) {
  const { html } = ctx;
  const byDay = new Map();
  for (const row of rows) {
    byDay.set(row.due_day, [...(byDay.get(row.due_day) ?? []), row]);
  }
  return html`
    <table class="sheet month">
      <caption>
        ${ctx.t("calendar.month", ...month.split("-").map(Number))}
        <small>${ctx.t("calendar.due", rows.length)}</small>
      </caption>
      <thead>
        <tr>
          ${WEEKDAYS.map((day) => html`<th scope="col"><abbr title=${ctx.t(`weekday.long-${day}`)}>${ctx.t(`weekday.${day}`)}</abbr></th>`)}
        </tr>
      </thead>
      <tbody>
        ${weeksOf(month).map(
          (week) =>
            html`<tr>
              ${week.map((day) => cell(day, byDay.get(day) ?? [], day === today, ctx))}
            </tr>`,
        )}
      </tbody>
    </table>
  `;
}

function cell(day, rows, current, ctx) {
  const { html, nothing } = ctx;
  if (day === null) {
    return html`<td class="outside"></td>`;
  }
  const more = rows.length - LISTED_MOST;
  return html`
    <td class=${rows.length ? "some" : "none"} aria-current=${current ? "date" : nothing}>
      <time datetime=${day} aria-label=${date(day, ctx.lang)}>${Number(day.slice(8))}</time>
      ${
        rows.length === 0
          ? nothing
          : html`<ul>
              ${rows.slice(0, LISTED_MOST).map((row) => html`<li>${entry(row, ctx)}</li>`)}
            </ul>`
      }
      ${
        more > 0
          ? html`<details>
              <summary>${ctx.t("calendar.more", more)}</summary>
              <ul>
                ${rows.slice(LISTED_MOST).map((row) => html`<li>${entry(row, ctx)}</li>`)}
              </ul>
            </details>`
          : nothing
      }
    </td>
  `;
}

function entry(row, ctx) {
  const short = row.title.length > TITLE_MOST ? `${row.title.slice(0, TITLE_MOST)}…` : row.title;
  return ctx.html`
    ${shape(row.light)}<span class="unseen">${ctx.t(`light.${row.light}`)}</span>
    <a href=${taskLink(ctx, row.task)} title=${row.title} lang="zh-CN">${row.row === null ? "" : `${row.row}. `}${short}</a>
  `;
}
