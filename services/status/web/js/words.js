// All words of the page: Chinese and English side by side, added by the files in words/.

const table = new Map();

const renamed = new Map(); // other texts for some keys, also of words that a later view brings

/** Add words: {key: [zh, en]}; each is a text with places {0}, {1} …, or a function of the values. */
export function define(words) {
  for (const [key, pair] of Object.entries(words)) {
    if (table.has(key)) throw new Error(`the word "${key}" is defined twice`);
    if (!Array.isArray(pair) || pair.length !== 2) throw new Error(`the word "${key}" needs [Chinese, English]`);
    table.set(key, pair);
  }
}

/** Whether there is a word of this key: a service may name what this page does not know. */
export function has(key) {
  return table.has(key);
}

/** Use other texts for a key, such as a ledger's own; null leaves a language's text as it is. */
export function rename(key, pair) {
  renamed.set(key, pair);
}

/** The text of a key in a language ("zh" or "en"). */
export function translate(lang, key, ...values) {
  const word = wordOf(lang, key);
  if (typeof word === "function") return word(...values);
  return word.replace(/\{(\d)\}/g, (_, number) => values[number] ?? "");
}

/** The same as a list of texts and values, for a sentence with links: a value may be a template. */
export function sentence(lang, key, ...values) {
  const parts = wordOf(lang, key).split(/\{(\d)\}/);
  return parts.map((part, index) => (index % 2 ? values[Number(part)] : part));
}

function wordOf(lang, key) {
  const pair = table.get(key);
  if (pair === undefined) throw new Error(`there is no word "${key}"; words are defined in js/words/`);
  const index = lang === "en" ? 1 : 0;
  return renamed.get(key)?.[index] ?? pair[index];
}

/** A number and its noun in English; `many` for all but 1. */
export function plural(count, one, many = `${one}s`) {
  return `${Number(count).toLocaleString("en-GB")} ${Number(count) === 1 ? one : many}`;
}
