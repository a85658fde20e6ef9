// Words of the ranking of units and of a unit's page: [Chinese, English].
import { define, plural } from "../words.js";

define({
  "units.caption": ["单位办理情况", "Units"],
  "units.count": [(count) => `共 ${count} 个单位`, (count) => plural(count, "unit")],
  "units.none": ["还没有单位承担任务。", "No unit has a task yet."],
  "units.lede-none": ["还没有交办任务。", "No task has been assigned yet."],
  "units.lede-good": [
    (units) => `${units}个责任单位，都没有逾期任务。`,
    (units) => `${plural(units, "unit")}; none has an overdue task.`,
  ],
  "units.lede": [
    (units, overdue) => `${units}个责任单位中，${overdue}个有逾期任务；最多的是`,
    (units, overdue) => `${overdue} of ${plural(units, "unit")} ${overdue === 1 ? "has" : "have"} overdue tasks; `,
  ],
  "units.lede-count": [(count) => `，${count}项。`, (count) => ` has the most, ${count}.`],
  "units.lede-tie": [
    (units, overdue, most) => `${units}个责任单位中，${overdue}个有逾期任务，最多的有${most}项。`,
    (units, overdue, most) => `${overdue} of ${plural(units, "unit")} have overdue tasks, ${most} at most.`,
  ],
  "units.rank": ["名次", "Rank"],
  "units.key": [
    "按时率：已销号或已过时限的牵头任务中，在当时有效的时限前报送办结的比例。平均逾期：其余任务超过时限的天数，在办的算到今天。",
    "On time: of the led tasks that are closed or past due, those submitted before the due day that held then. Mean days late: of the others, up to today while they are open.",
  ],

  "unit.unit": ["单位", "Unit"],
  "unit.led": ["牵头", "Led"],
  "unit.joined": ["配合", "Joined"],
  "unit.open": ["在办", "Open"],
  "unit.closed": ["已销号", "Closed"],
  "unit.overdue": ["逾期", "Overdue"],
  "unit.due_soon": ["临期", "Due soon"],
  "unit.on_time_rate": ["按时率", "On time"],
  "unit.mean_days_late": ["平均逾期", "Mean days late"],
  "unit.last_report_at": ["最近反馈", "Latest report"],
  "unit.of": ["{0}/{1} 项", "{0} of {1}"],
  "unit.days": ["{0} 天", "{0}"],
  "unit.tasks": ["承担的任务", "Its tasks"],
  "unit.total": [(count) => `共 ${count} 项，按时限排列`, (count) => `${plural(count, "task")}, by due day`],
  "unit.some": [
    (shown, total) => `共 ${total} 项，按时限列出前 ${shown} 项`,
    (shown, total) => `the first ${shown} of ${plural(total, "task")}, by due day`,
  ],
  "unit.all-tasks": [
    (total) => `在台账中查看全部 ${total} 项`,
    (total) => `All ${plural(total, "task")} in the register`,
  ],
  "unit.no-tasks": ["没有承担任务。", "It has no task."],
  "unit.own-part": ["本单位", "Its part"],
});
