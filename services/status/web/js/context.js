// What a view gets to work with.
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { repeat } from "../vendor/lit-html/directives/repeat.js";
import { asOfInstant } from "./instant.js";
import { go } from "./navigation.js";
import { language } from "./prefs.js";
import { sentence, translate } from "./words.js";

/** The context of one showing of one route. Every read is as of the day of the address, unless it names its own. */
export function context(app, route) {
  const asOf = route.params.get("as_of");
  const ctx = {
    ledger: app.ledger,
    info: app.today, // the overview of what is shown: of the past day, once it is read
    today: app.today, // the overview of now
    role: app.role, // of who is signed in, null where that is not known or nobody is
    route: { name: route.name, id: route.id },
    params: route.params,
    asOf,
    lang: language(),
    position: Infinity, // the lowest of the answers: changes after it are to be followed
    live: app.live,
    html,
    nothing,
    repeat,
    t: (key, ...values) => translate(ctx.lang, key, ...values),
    sentence: (key, ...values) => sentence(ctx.lang, key, ...values),
    /** Read JSON of /v1/{ledger}/{path}. */
    async api(path, params = {}) {
      const day = params.as_of === undefined ? asOf : params.as_of;
      const given = { ...params, as_of: day === null ? null : asOfInstant(day) };
      const { body, position } = await app.read(path, given);
      ctx.position = Math.min(ctx.position, position || Infinity);
      return body;
    },
    /** Post JSON to /v1/{ledger}/{path}: {status, body}; raises ApiError of status 0 where no answer comes. */
    send: (path, body) => app.send(path, body),
    /** Go to other parameters of this page, or to another path. */
    go: (target, options) => go(app, target, options),
    /** Read all of this view again. */
    reload: () => app.show(),
    /** Replace the view's data and draw it: what a reader has opened, paused or begun to type. */
    update(change) {
      if (app.shown?.ctx !== ctx) return;
      app.shown.data = change(app.shown.data);
      app.draw();
    },
    /** Before each drawing: the language and the connection may have changed. */
    renew(live) {
      ctx.lang = language();
      ctx.live = live;
      ctx.today = app.today;
      ctx.role = app.role;
    },
  };
  return ctx;
}
