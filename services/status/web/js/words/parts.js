// Words that several views share: [Chinese, English].
import { define } from "../words.js";

define({
  "list.separator": ["、", ", "],
  "list.comma": ["，", ", "],
  "list.stop": ["。", "."],
  "column.row": ["序号", "No."],
  "column.title": ["工作任务", "Task"],
  "column.lead": ["牵头单位", "Lead"],
  "column.deadline": ["时间进度", "Deadline"],
  "column.percent": ["进展", "Progress"],
  "column.light": ["灯", "Light"],
  "column.state": ["状态", "State"],

  "deadline.empty": ["（未写明）", "(not stated)"],
  "part.assigned": ["未签收", "not received yet"],
  "part.signed": ["已签收，未反馈", "received, no report"],
  "part.in-progress": ["办理中", "in progress"],
  "part.submitted": ["已报办结", "completion submitted"],
  "part.returned": ["已退回", "returned"],
  "part.closed": ["已销号", "closed"],

  "exports.label": ["导出", "Export"],
  "exports.csv": ["CSV", "CSV"],
  "exports.xlsx": ["Excel", "Excel"],
  "exports.docx": ["Word", "Word"],
  "exports.register": ["Word 台账", "Word register"],
  "exports.notice": ["督查通报", "Draft notice"],
  "exports.print": ["打印", "Print"],
});
