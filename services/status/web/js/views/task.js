// One task as a file: its sentence, its deadline as written and as read, its strip, each unit's part, history, alerts.
import "../words/alerts.js";
import "../words/history.js";
import "../words/parts.js";
import "../words/task.js";
import { light } from "../parts/light.js";
import { alertTable } from "../parts/alerts.js";
import { eventName } from "../parts/event_name.js";
import { timeline } from "../parts/history.js";
import { said } from "../parts/phrase.js";
import { linkTo, unitLink } from "../parts/links.js";
import { reading } from "../parts/reading.js";
import { reread } from "../parts/reread.js";
import { revisions } from "../parts/revisions.js";
import { expected, strip } from "../parts/strip.js";
import { unitParts } from "../parts/unit_parts.js";

const ALERTS_MOST = 1_000; // the most that one answer has; a task of a dozen units gets some 50 a year

export function title(ctx, data) {
  return data.row.title;
}

export async function load(ctx) {
  const place = `tasks/${encodeURIComponent(ctx.route.id)}`;
  const [row, history, alerts] = await Promise.all([ctx.api(place), ctx.api(`${place}/events`), alertsOf(ctx)]);
  return { row, history: history.items, alerts };
}

export function render({ row, history, alerts, form = null, done = "" }, ctx) {
  const { html } = ctx;
  const revised = revisions(history);
  const now = ctx.info.at;
  const put = revised.length > 1 ? revised[0] : null;
  return html`
    <article class="task" data-light=${row.light}>
      <p class="crumb">
        <a href=${linkTo(ctx, "")}>${ctx.t("nav.board")}</a> ›
        ${row.row === null ? row.task : ctx.t("task.number", row.row)}
        ${row.section ? html`<span class="section">${said(row.section, ctx)}</span>` : ""}
      </p>
      <h1 lang="zh-CN">${row.title}</h1>
      <dl class="facts">
        <div>
          <dt>${ctx.t("column.deadline")}</dt>
          <dd>
            ${said(row.deadline.text || ctx.t("deadline.empty"), ctx)}
            ${reading(row, revised, ctx).map((line) => html`<small>${line}</small>`)}
            ${
              put && put.deadline.text !== row.deadline.text
                ? html`<small
                    >${ctx.t("task.written-first")} ${said(put.deadline.text || ctx.t("deadline.empty"), ctx)}</small
                  >`
                : ""
            }
          </dd>
        </div>
        <div>
          <dt>${ctx.t("column.lead")}</dt>
          <dd>
            <a href=${unitLink(ctx, row.lead)}>${said(row.lead, ctx)}</a>
            <small>${ctx.t(row.lead_inferred ? "task.lead-inferred" : "task.lead-stated")}</small>
          </dd>
        </div>
        <div>
          <dt>${ctx.t("column.light")}</dt>
          <dd class="lamp">${light(row.light, ctx)} <small>${ctx.t(`reason.${row.light_reason}`)}</small></dd>
        </div>
        <div>
          <dt>${ctx.t("column.state")}</dt>
          <dd>${ctx.t(`state.${row.state}`)} <small>${standing(row, now, ctx)}</small></dd>
        </div>
      </dl>
      ${strip(row, leadReports(history, row), put?.due ?? null, now, ctx)}
      <div class="two">${unitParts(row, ctx)} ${timeline(history, ctx)}</div>
      ${alertTable({ alerts, row, form, done }, () => reread(ctx, () => load(ctx), 0), ctx)}
    </article>
  `;
}

/** A changed row of this task; what was recorded since is read as well, because a row is a state and not a step. */
export function change(data, row, ctx) {
  if (row.task !== ctx.route.id) {
    return { data };
  }
  reread(ctx, () => load(ctx));
  return {
    data: { ...data, row },
    announce: ctx.t("task.changed", ctx.t(`light.${row.light}`), ctx.t(`state.${row.state}`)),
  };
}

// The task can be read while the notifying service is away; any other failure is the page's to report.
async function alertsOf(ctx) {
  try {
    return (await ctx.api("alerts", { task: ctx.route.id, limit: ALERTS_MOST })).items;
  } catch (error) {
    if (error.status === 502 || error.status === 503 || error.status === 504) {
      return null;
    }
    throw error;
  }
}

// The instants at which whoever led the task then has reported.
function leadReports(history, row) {
  let lead = row.lead;
  const found = [];
  for (const { type, time, data } of history) {
    const name = eventName(type);
    if (name === "task.assigned" || name === "task.reassigned") {
      lead = data.lead;
    } else if (name === "progress.reported" && (data.unit === lead || data.unit === row.lead)) {
      found.push(time);
    }
  }
  return found;
}

function standing(row, now, ctx) {
  const asked = row.state === "closed" ? null : expected(row, now);
  const percent = row.percent === null ? ctx.t("task.no-percent") : ctx.t("task.percent", row.percent);
  const parts = [percent, asked === null ? "" : ctx.t("task.asked", asked)];
  if (row.extensions) {
    parts.push(ctx.t("task.extensions", row.extensions));
  }
  if (row.returns) {
    parts.push(ctx.t("task.returns", row.returns));
  }
  return parts.filter(Boolean).join(ctx.t("list.comma"));
}
