// The wall: large figures for a screen in the corridor, and what needs attention in pages that turn.
import "../parts/turning.js";
import "../words/parts.js";
import "../words/wall.js";
import { date } from "../format.js";
import { shape } from "../parts/light.js";
import { linkTo, taskLink } from "../parts/links.js";
import { said } from "../parts/phrase.js";
import { reread } from "../parts/reread.js";

const LINES = 8; // tasks on one page of the wall: as many as fit a screen at a size that is read from five metres
const ROWS_MOST = 200; // tasks of each light that the wall shows: more would not come round in an hour
const FIELDS = "task,title,row,lead,deadline,due,due_day,light,light_reason,percent,state,position";
const LIGHTS = ["red", "yellow", "green", "blue"];

export function title(ctx) {
  return ctx.t("nav.wall");
}

export async function load(ctx) {
  const [red, yellow] = await Promise.all(
    ["red", "yellow"].map((light) => ctx.api("tasks", { light, sort: "due", limit: ROWS_MOST, fields: FIELDS })),
  );
  return { rows: [...red.items, ...yellow.items] };
}

export function render({ rows }, ctx) {
  const { html, repeat } = ctx;
  const pages = Array.from({ length: Math.ceil(rows.length / LINES) }, (_, page) =>
    rows.slice(LINES * page, LINES * (page + 1)),
  );
  return html`
    <div class="wall">
      <h1>
        <span lang="zh-CN">${ctx.info.title}</span>
        <time datetime=${ctx.info.at}>${ctx.t("wall.as-of", date(ctx.info.at, ctx.lang))}</time>
      </h1>
      <ul class="figures">
        ${LIGHTS.map((light) => figure(light, ctx))}
      </ul>
      ${
        pages.length === 0
          ? html`<p class="quiet">${ctx.t("wall.quiet")}</p>`
          : html`
              <duban-pages @turn=${() => ctx.update((data) => data)}>
                ${repeat(
                  pages,
                  (_, number) => number,
                  (page) =>
                    html`<ol class="page">
                      ${page.map((row) => line(row, ctx))}
                    </ol>`,
                )}
              </duban-pages>
              ${controls(ctx)}
            `
      }
      <p class="leave"><a href=${linkTo(ctx, "")}>${ctx.t("wall.leave")}</a></p>
    </div>
  `;
}

/** A row that needs attention now or did so before: the pages are read again. */
export function change(data, row, ctx) {
  const shown = data.rows.some((one) => one.task === row.task);
  if (!shown && row.light !== "red" && row.light !== "yellow") {
    return { data };
  }
  reread(ctx, () => load(ctx));
  return { data: { ...data, rows: data.rows.map((one) => (one.task === row.task ? row : one)) } };
}

function figure(light, ctx) {
  return ctx.html`
    <li class=${ctx.info.lights[light] ? light : "zero"}>
      <a href=${linkTo(ctx, "", null, { light })}>
        <b>${ctx.info.lights[light]}</b>
        <span>${shape(light)} ${ctx.t(`light.${light}`)}</span>
      </a>
    </li>
  `;
}

function line(row, ctx) {
  return ctx.html`
    <li class=${row.light}>
      ${shape(row.light)}
      <a href=${taskLink(ctx, row.task)} lang="zh-CN">${row.title}</a>
      <span class="lead">${said(row.lead, ctx)}</span>
      <span class="due">
        ${ctx.t(`light.${row.light}`)}${ctx.t("list.comma")}${row.due_day ? ctx.t("wall.due", date(row.due_day, ctx.lang)) : ctx.t(`reason.${row.light_reason}`)}
      </span>
    </li>
  `;
}

// What is turned to and paused is the element's own: it outlives the rows, which a reconnection reads again.
function controls(ctx) {
  const pages = () => document.querySelector("duban-pages");
  const { page, count, paused } = pages()?.turned ?? { page: 0, count: 0, paused: false };
  return ctx.html`
    <p class="controls" ?hidden=${count < 2}>
      <button type="button" @click=${() => pages().turn(-1)}>${ctx.t("wall.back")}</button>
      <span>${ctx.t("wall.page", page + 1, count)}</span>
      <button type="button" @click=${() => pages().turn(1)}>${ctx.t("wall.on")}</button>
      <button type="button" aria-pressed=${paused} @click=${() => pages().pause(!paused)}>${ctx.t("wall.pause")}</button>
    </p>
  `;
}
