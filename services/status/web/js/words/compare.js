// Words of the comparison of two days: [Chinese, English].
import { define, plural } from "../words.js";

define({
  "compare.lede": ["从{0}到{1}，", "From {0} to {1}: "],
  "compare.lede-none": ["没有变化。", "nothing has changed."],
  "compare.told-new": ["新增{0}项", "{0} new"],
  "compare.told-closed": ["销号{0}项", "{0} closed"],
  "compare.told-newly-overdue": ["新逾期{0}项", "{0} newly overdue"],
  "compare.told-deadline": ["调整时限{0}项", "{0} with another deadline"],
  "compare.told-other": ["只有进展、灯色或单位有变化", "only progress, lights or units have changed"],
  "compare.form": ["对比的两天", "The two days"],
  "compare.before": ["之前", "Before"],
  "compare.after": ["之后", "After"],
  "compare.after-hint": ["留空为现在", "empty: now"],
  "compare.submit": ["对比", "Compare"],
  "compare.now": ["现在", "now"],
  "compare.counts": ["变化的种类", "Kinds of change"],
  "compare.all": ["全部", "All"],
  "compare.caption": ["有变化的任务", "Changed tasks"],
  "compare.total": [(count) => `共 ${count} 项`, (count) => plural(count, "task")],
  "compare.changes": ["变化", "What changed"],
  "compare.arrow": ["改为", "changed to"],
  "compare.more": [(count) => `再显示 ${count} 项`, (count) => `Show ${count} more`],
  "compare.wrong": ["之前的一天须早于之后的一天。", "The day before must lie before the day after."],

  "change.new": ["新增", "New"],
  "change.closed": ["销号", "Closed"],
  "change.newly-overdue": ["新逾期", "Newly overdue"],
  "change.light": ["灯", "Light"],
  "change.percent": ["进展", "Progress"],
  "change.deadline": ["时限", "Deadline"],
  "change.units": ["单位", "Units"],
});
