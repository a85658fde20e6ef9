// How a deadline was read and by which rule, in words. The rule is named only where the phrase and the reading agree on it.

import { date } from "../format.js";
import { addDays, addMonths, lastDay } from "./instants.js";
import { entryLink } from "./jump.js";
import { phrase, said } from "./phrase.js";

/** Lines of words: the reading, and the rule behind it; `revised` are the task's deadlines so far (revisions.js). */
export function reading(row, revised, ctx) {
  const last = revised.at(-1);
  const place = last && entryLink(last.position, ctx);
  if (last?.cause === "granted") {
    return [...read(row, ctx), phrase(ctx, "rule.granted", place)];
  }
  if (last?.cause === "clarified") {
    return [...read(row, ctx), phrase(ctx, "rule.clarified", place)];
  }
  return [...read(row, ctx), rule(row, ctx)];
}

function read({ deadline, due }, ctx) {
  const day = (instant) => date(lastDay(instant), ctx.lang);
  switch (deadline.kind) {
    case "fixed":
      return [phrase(ctx, "read.fixed", day(deadline.due))];
    case "ambiguous":
      return [phrase(ctx, "read.ambiguous", day(deadline.strict), day(deadline.loose))];
    case "recurring":
      return [phrase(ctx, "read.recurring", ctx.t(`every.${deadline.every}`), day(due ?? deadline.first))];
    case "triggered":
      return [phrase(ctx, "read.triggered", said(deadline.trigger, ctx))];
    case "milestones":
      return deadline.milestones.map((step) => {
        const part = step.percent === undefined ? "read.step" : "read.step-percent";
        return phrase(ctx, part, said(step.text, ctx), day(step.due), step.percent);
      });
    default:
      return [ctx.t(`read.${deadline.kind}`)];
  }
}

function rule({ deadline }, ctx) {
  if (deadline.kind !== "fixed") {
    return ctx.t(`rule.${deadline.kind}`);
  }
  const day = lastDay(deadline.due);
  const monthEnd = addDays(day, 1).endsWith("-01");
  const found = FIXED.find(([wording, holds]) => wording.test(deadline.text) && holds(day, monthEnd));
  return ctx.t(found ? found[2] : "rule.fixed");
}

// [wording, what must be true of the last day for the rule to be the one that was used, words]
const FIXED = [
  [/工作日/, () => true, "rule.working-days"],
  [/(含当日|当日)/, () => true, "rule.that-day"],
  [/上半年/, (day) => day.endsWith("-06-30"), "rule.half-year"],
  [/季度/, (day, monthEnd) => monthEnd && addMonths(day.slice(0, 7), 1).slice(5) % 3 === 1, "rule.quarter"],
  [/月(底|末)/, (_, monthEnd) => monthEnd, "rule.month-end"],
  [/(上旬|中旬|下旬)/, () => true, "rule.ten-days"],
  [/(年|年度|年内)/, (day) => day.endsWith("-12-31"), "rule.year-end"],
];
