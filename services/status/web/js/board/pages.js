// Turning pages: the cursors that led here are in the address, so that each page can be gone back to.
import { changed } from "../router.js";
import { choose } from "./filters.js";
import { SIZES, size } from "./query.js";

/** The page's number, the ways to the others, and how many rows a page has. */
export function pages(data, ctx) {
  const { html, t } = ctx;
  const rows = size(ctx.params);
  const number = data.trail.length + 1;
  const last = Math.max(number, Math.ceil(data.total / rows));
  const to = (trail) => () => ctx.go(withTrail(ctx.params, trail)).then(() => document.querySelector("main h1")?.scrollIntoView());
  if (last === 1 && data.total <= SIZES[0]) return html``;
  return html`<nav class="pages" aria-label=${t("board.pages")}>
    <button ?disabled=${number === 1} @click=${to([])}>${t("board.first")}</button>
    <button ?disabled=${number === 1} @click=${to(data.trail.slice(0, -1))}>${t("board.previous")}</button>
    <span>${t("board.page", number, last)}</span>
    <button ?disabled=${data.next === null} @click=${to([...data.trail, data.next])}>${t("board.next")}</button>
    <label>${t("board.size")}
      <select @change=${({ target }) => choose(ctx, { size: target.value })}>
        ${SIZES.map((one) => html`<option value=${one} .selected=${one === rows}>${t("board.size.rows", one)}</option>`)}
      </select>
    </label>
  </nav>`;
}

function withTrail(params, trail) {
  const next = changed(params, { cursor: null });
  for (const cursor of trail) next.append("cursor", cursor);
  return next;
}
