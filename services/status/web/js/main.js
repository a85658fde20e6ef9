// The start of the page: a sign-in link's code first, then the page of the address.
import "./words/core.js";
import { App } from "./app.js";
import { followLinks } from "./navigation.js";
import { takeCode } from "./session.js";

const code = takeCode();
const app = new App(decodeURIComponent(location.pathname.split("/")[1]));
followLinks(app);
await app.begin(code);
