// Words of the wall: [Chinese, English].
import { define } from "../words.js";

define({
  "wall.as-of": ["截至{0}", "As of {0}"],
  "wall.due": ["应于{0}前（含）", "due {0}"],
  "wall.quiet": ["没有逾期和预警的任务。", "No task is overdue or at risk."],
  "wall.page": ["第 {0} 页，共 {1} 页", "Page {0} of {1}"],
  "wall.back": ["上一页", "Back"],
  "wall.on": ["下一页", "Next"],
  "wall.pause": ["暂停翻页", "Pause"],
  "wall.leave": ["返回台账", "To the register"],
});
