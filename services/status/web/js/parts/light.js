// A light: a shape for the eye, and its word beside it; never the colour alone.
import { html, svg } from "../../vendor/lit-html/lit-html.js";

const SHAPES = {
  red: svg`<path d="M6 1 11.5 11H.5z"/>`,
  yellow: svg`<path d="M6 .5 11.5 6 6 11.5.5 6z"/>`,
  green: svg`<circle cx="6" cy="6" r="5"/>`,
  blue: svg`<path d="M1 1h10v10H1z"/>`,
};

/** The shape of a light, hidden from screen readers: its word is next to it. */
export function shape(light) {
  return html`<svg class="shape ${light}" viewBox="0 0 12 12" aria-hidden="true">${SHAPES[light]}</svg>`;
}

/** Shape and word of a light. */
export function light(name, ctx) {
  return html`<span class="light ${name}">${shape(name)}<em>${ctx.t(`light.${name}`)}</em></span>`;
}
