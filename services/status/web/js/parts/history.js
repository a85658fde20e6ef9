// A task's history as a timeline in words: newest first, by year, each entry with its position, record and sender.

import { date } from "../format.js";
import { local } from "./instants.js";
import { marks } from "./marks.js";
import { entryLink } from "./jump.js";
import { phrase } from "./phrase.js";
import { sentence } from "./sentences.js";

// The source of what the ledger adds itself: reminders and due instants that pass.
const CLOCK = "duban";

/** The timeline of a history, as /tasks/{id}/events gives it. */
export function timeline(history, ctx) {
  const { html, repeat } = ctx;
  const found = marks(history);
  const years = byYear([...history].reverse());
  return html`
    <section class="history" aria-labelledby="history-title">
      <h2 id="history-title">${ctx.t("history.title")} <small>${ctx.t("history.order")}</small></h2>
      ${repeat(
        years,
        ([year, items]) => `${year}-${items.at(-1).position}`,
        ([year, items]) => html`
          <h3>${ctx.t("history.year", year)}</h3>
          <ol reversed>
            ${repeat(
              items,
              (item) => item.position,
              (item) => entry(item, found.get(item.position) ?? [], ctx),
            )}
          </ol>
        `,
      )}
    </section>
  `;
}

function entry(item, marked, ctx) {
  const { html } = ctx;
  const { word, text, notes } = sentence(item, ctx);
  const [day] = local(item.time);
  return html`
    <li id="p${item.position}" class=${settled(marked) ? "settled" : ""} data-type=${item.type}>
      <time datetime=${item.time} title=${date(day, ctx.lang)}>${day.slice(5)}</time>
      <b>${word}</b>
      <div>
        <p>${text}</p>
        ${notes.filter(Boolean).map((note) => html`<p class="note">${note}</p>`)}
        ${marked.map(
          ({ word: mark, by }) =>
            html`<p class="later" data-mark=${mark}>${phrase(ctx, `mark.${mark}`, entryLink(by, ctx))}</p>`,
        )}
      </div>
      <p class="record">
        <span>${ctx.t("history.position", item.position)}</span>
        ${phrase(ctx, "history.recorded", recorded(item), sender(item, ctx))}
      </p>
    </li>
  `;
}

// Runs of entries of the same year. The order is the log's: a report that came late may open a year again.
function byYear(items) {
  const runs = [];
  for (const item of items) {
    const year = local(item.time)[0].slice(0, 4);
    if (runs.at(-1)?.[0] !== year) {
      runs.push([year, []]);
    }
    runs.at(-1)[1].push(item);
  }
  return runs;
}

// What a later event replaced or undid is still history, but no longer what holds.
function settled(marked) {
  return marked.some(({ word }) => word === "corrected" || word === "returned");
}

function recorded(item) {
  return local(item.recordedtime).join(" ");
}

// `source` may say more than the authenticated name (“units/disabled-persons-federation”), never something else.
function sender(item, ctx) {
  if (item.authid === CLOCK) {
    return ctx.t("history.clock");
  }
  return item.source.startsWith(item.authid) ? item.source : `${item.authid} (${item.source})`;
}
