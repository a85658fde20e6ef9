// A ledger's own words and colours for lights.
import { rename } from "./words.js";

/** Use the names of the overview from now on: {light: {word, word_en, colours}}, of the lights that have any. */
export function nameLights(names) {
  const { style } = document.documentElement;
  for (const [light, { word, word_en: english, colours }] of Object.entries(names)) {
    rename(`light.${light}`, [word, english]);
    rename(`board.${light}`, [word && ((n) => `${word}${n}项`), english && ((n) => `${n} ${english.toLowerCase()}`)]);
    if (colours) style.setProperty(`--${light}`, `light-dark(${colours.join(", ")})`);
  }
}
