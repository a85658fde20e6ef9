// One sentence in words for each event type. An event of an unknown type is shown by its type and data, never left out.

import { date } from "../format.js";
import { eventName } from "./event_name.js";
import { lastDay } from "./instants.js";
import { list, phrase, said } from "./phrase.js";

/** What happened in one event: {word, text, notes: [template]}. */
export function sentence(item, ctx) {
  const name = eventName(item.type);
  const write = SENTENCES[name];
  if (write === undefined) {
    return { word: item.type, text: said(JSON.stringify(item.data), ctx), notes: [] };
  }
  const { text, notes = [] } = write(item.data, ctx);
  return { word: ctx.t(`event.${name}`), text, notes };
}

const SENTENCES = {
  "task.assigned": (data, ctx) => {
    const others = data.units.filter((unit) => unit.name !== data.lead).map((unit) => unit.name);
    return {
      text: phrase(ctx, others.length ? "say.assigned" : "say.assigned-alone", said(data.lead, ctx), list(others, ctx)),
      notes: [
        phrase(ctx, "say.deadline", said(data.deadline.text || ctx.t("deadline.empty"), ctx)),
        data.deliverable && phrase(ctx, "say.deliverable", said(data.deliverable, ctx)),
      ],
    };
  },
  "task.signed": (data, ctx) => ({ text: phrase(ctx, "say.signed", said(data.unit, ctx)) }),
  "progress.reported": (data, ctx) => ({ text: reported(data, ctx), notes: report(data, ctx) }),
  "progress.corrected": (data, ctx) => ({
    text: reported(data, ctx),
    notes: [because(data, ctx), ...report(data, ctx)],
  }),
  "completion.submitted": (data, ctx) => ({
    text: phrase(ctx, "say.report", said(data.unit, ctx), said(data.summary, ctx)),
    notes: report(data, ctx),
  }),
  "completion.returned": (data, ctx) => ({
    text: phrase(ctx, "say.returned", said(data.unit, ctx)),
    notes: [because(data, ctx)],
  }),
  "task.closed": (data, ctx) => ({ text: ctx.t(`say.closed.${data.outcome}`), notes: [because(data, ctx)] }),
  "task.reopened": (data, ctx) => ({ text: ctx.t("say.reopened"), notes: [because(data, ctx)] }),
  "task.reassigned": (data, ctx) => {
    const others = data.units.filter((unit) => unit.name !== data.lead).map((unit) => unit.name);
    return {
      text: phrase(ctx, others.length ? "say.assigned" : "say.assigned-alone", said(data.lead, ctx), list(others, ctx)),
      notes: [because(data, ctx)],
    };
  },
  "task.urged": (data, ctx) => ({
    text: phrase(ctx, "say.urged", list(data.units, ctx), said(data.message, ctx)),
  }),
  "extension.requested": (data, ctx) => ({
    text: phrase(ctx, "say.requested", said(data.unit, ctx), day(data.proposed_due, ctx)),
    notes: [because(data, ctx)],
  }),
  "extension.granted": (data, ctx) => ({
    text: data.due ? phrase(ctx, "say.granted", day(data.due, ctx)) : ctx.t("say.granted-as-proposed"),
  }),
  "extension.refused": (data, ctx) => ({ text: ctx.t("say.refused"), notes: [because(data, ctx)] }),
  "deadline.clarified": (data, ctx) => ({
    text: phrase(ctx, "say.clarified", said(data.deadline.text || ctx.t("deadline.empty"), ctx)),
    notes: [because(data, ctx)],
  }),
  "alert.acknowledged": (data, ctx) => ({
    text: phrase(ctx, "ack.line", said(data.by, ctx), said(data.word, ctx), day(data.until, ctx)),
  }),
  "deadline.neared": (data, ctx) => ({
    text: phrase(ctx, "say.neared", data.days_left, day(data.due, ctx)),
  }),
  "deadline.passed": (data, ctx) => ({ text: phrase(ctx, "say.passed", day(data.due, ctx)) }),
};

/** The last day in time of a due instant, in words. */
function day(due, ctx) {
  return date(lastDay(due), ctx.lang);
}

function because(data, ctx) {
  return data.reason && phrase(ctx, "say.reason", said(data.reason, ctx));
}

function reported(data, ctx) {
  const known = data.percent !== undefined && data.percent !== null;
  return phrase(
    ctx,
    known ? "say.report-percent" : "say.report",
    said(data.unit, ctx),
    said(data.summary, ctx),
    data.percent,
  );
}

function report(data, ctx) {
  return [
    data.problems && phrase(ctx, "say.problems", said(data.problems, ctx)),
    data.evidence?.length && phrase(ctx, "say.evidence", documents(data.evidence, ctx)),
  ];
}

// Only http addresses become links: another scheme in a report, such as javascript:, would run in the reader's session.
function documents(evidence, ctx) {
  return evidence.map(({ name, url }, number) => [
    number ? ctx.t("list.separator") : "",
    url && /^https?:\/\//i.test(url)
      ? ctx.html`<a href=${url} rel="noreferrer noopener" target="_blank" lang="zh-CN">${name}</a>`
      : said(name, ctx),
  ]);
}
