// Progress against proportional progress in one mark: solid what was reported, a line where time would have it.
//
// SVG attributes, because the content security policy allows no style attributes.
import { html, nothing, svg } from "../../vendor/lit-html/lit-html.js";

/** The bar of a percentage, and of the proportional one (null for none); `label` is read to those who cannot see it. */
export function bar(percent, expected, label) {
  return html`<svg class="bar" role="img" aria-label=${label} viewBox="0 0 112 15" preserveAspectRatio="none">
    <rect class="track" y="4" width="112" height="7"></rect>
    <rect class="done" y="4" width=${(1.12 * (percent ?? 0)).toFixed(1)} height="7"></rect>
    ${expected === null ? nothing : svg`<rect class="asked" x=${(1.1 * expected).toFixed(1)} width="2" height="15"></rect>`}
  </svg>`;
}
