// Words of the calendar and the plan's strips: [Chinese, English].
import { define, plural } from "../words.js";

const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];
const english = (year, month) => `${MONTHS[month - 1]} ${year}`;

define({
  "calendar.lede-none": [
    (year, month) => `${year}年${month}月没有到期任务。`,
    (year, month) => `No task is due in ${english(year, month)}.`,
  ],
  "calendar.lede": [
    (year, month, total) => `${year}年${month}月有${total}项任务到期。`,
    (year, month, total) => `${plural(total, "task")} due in ${english(year, month)}.`,
  ],
  "calendar.lede-overdue": [
    (year, month, total, overdue) => `${year}年${month}月有${total}项任务到期，其中${overdue}项逾期。`,
    (year, month, total, overdue) =>
      `${plural(total, "task")} due in ${english(year, month)}, ${overdue} of them overdue.`,
  ],
  "calendar.months": ["各月到期任务", "Tasks due by month"],
  "calendar.month": [(year, month) => `${year}年${month}月`, english],
  "calendar.year-month": [
    (year, month) => `${year}年${month}月`,
    (year, month) => `${MONTHS[month - 1].slice(0, 3)} ${year}`,
  ],
  "calendar.only-month": [(month) => `${month}月`, (month) => MONTHS[month - 1].slice(0, 3)],
  "calendar.due": [(count) => `${count} 项到期`, (count) => `${plural(count, "task")} due`],
  "calendar.spoken": [
    (year, month, due, closed, overdue) => `${year}年${month}月到期${due}项，已销号${closed}项，逾期${overdue}项`,
    (year, month, due, closed, overdue) => `${english(year, month)}: ${due} due, ${closed} closed, ${overdue} overdue`,
  ],
  "calendar.before": ["上一月", "Month before"],
  "calendar.after": ["下一月", "Month after"],
  "calendar.earlier": [
    (due, closed, overdue) => `这十三个月之前到期${due}项：已销号${closed}项，逾期${overdue}项。`,
    (due, closed, overdue) =>
      `${plural(due, "task")} fell due before these months: ${closed} closed, ${overdue} overdue.`,
  ],
  "calendar.more": [(count) => `另有 ${count} 项`, (count) => `${count} more`],
  "calendar.cut": [
    (shown, total) => `本月共 ${total} 项到期，日历列出前 ${shown} 项。`,
    (shown, total) => `${plural(total, "task")} due this month; the calendar has the first ${shown}.`,
  ],
  "weekday.1": ["一", "Mon"],
  "weekday.2": ["二", "Tue"],
  "weekday.3": ["三", "Wed"],
  "weekday.4": ["四", "Thu"],
  "weekday.5": ["五", "Fri"],
  "weekday.6": ["六", "Sat"],
  "weekday.7": ["日", "Sun"],
  "weekday.long-1": ["星期一", "Monday"],
  "weekday.long-2": ["星期二", "Tuesday"],
  "weekday.long-3": ["星期三", "Wednesday"],
  "weekday.long-4": ["星期四", "Thursday"],
  "weekday.long-5": ["星期五", "Friday"],
  "weekday.long-6": ["星期六", "Saturday"],
  "weekday.long-7": ["星期日", "Sunday"],

  "gantt.title": ["工作方案进度图", "The plan over time"],
  "gantt.caption": ["工作方案 {0}", "Plan {0}"],
  "gantt.count": [(count) => `${count} 项任务`, (count) => plural(count, "task")],
  "gantt.plan": ["工作方案", "Plan"],
  "gantt.due": ["完成时限", "Due"],
  "gantt.first": ["原定 {0}", "at first {0}"],
  "gantt.time": ["起止时间", "From assignment to due"],
  "gantt.key": [
    "实线从交办到原定时限，虚线为准予延期的部分，圆点为销号；竖线是今天。没有截止日期的任务画到末端。",
    "Solid: from assignment to the first due day; dashed: what an extension added; dot: closed; upright line: today. A task without a due day goes on to the edge.",
  ],
  "gantt.cut": ["此图只列台账的前 {0} 项。", "The first {0} tasks of the register only."],
});
