// Dates, numbers and deadlines as people write them, in both languages. Pure.

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** A day or an instant with the ledger's offset as a date: 2018年12月31日, 31 Dec 2018. */
export function date(value, lang) {
  const [year, month, day] = numbers(value);
  return lang === "en" ? `${day} ${MONTHS[month - 1]} ${year}` : `${year}年${month}月${day}日`;
}

/** The same without the year where it is that of `today`: 12月31日, 31 Dec. */
export function shortDate(value, today, lang) {
  const [year, month, day] = numbers(value);
  if (year !== numbers(today)[0]) return date(value, lang);
  return lang === "en" ? `${day} ${MONTHS[month - 1]}` : `${month}月${day}日`;
}

/** The month of a day: 2018年12月, Dec 2018. */
export function month(value, lang) {
  const [year, number] = numbers(value);
  return lang === "en" ? `${MONTHS[number - 1]} ${year}` : `${year}年${number}月`;
}

/** Date and time of day of an instant with the ledger's offset. */
export function dateTime(value, lang) {
  return `${date(value, lang)} ${value.slice(11, 16)}`;
}

/** A whole number, with separators from ten thousand on. */
export function count(value) {
  return value >= 10_000 ? value.toLocaleString("en-GB") : String(value);
}

/** The per cent of the time from the assignment to the due instant that is over (序时进度); null without a due. */
export function proportional(row, at) {
  if (!row.due) return null;
  const [from, to, now] = [row.opened_at, row.due, at].map(Date.parse);
  return to > from ? 100 * Math.min(1, Math.max(0, (now - from) / (to - from))) : 100;
}

function numbers(value) {
  return value.slice(0, 10).split("-").map(Number);
}
