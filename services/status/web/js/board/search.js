// The search field of the board: while somebody types in it, its text is theirs and not that of the address.
import { here } from "../navigation.js";

const TYPING_MS = 300; // after the last letter, before the rows are searched

let typing = 0; // the timer of what was typed and is not in the address yet; 0 where there is none

/** The field; `search(words)` is called a moment after the last letter, of what an input method has composed. */
export function searchField({ html, t }, search) {
  const field = document.querySelector(".filters input[name=q]");
  if (field !== null) keepUp(field);
  const hear = (event) => {
    if (!event.isComposing) wait(event.target.value.trim(), search);
  };
  return html`<input
    type="search"
    name="q"
    maxlength="200"
    placeholder=${t("board.q.hint")}
    value=${asked()}
    @input=${hear}
    @compositionend=${hear}
    @blur=${({ target }) => keepUp(target)}
  />`;
}

function asked() {
  return here().get("q") ?? "";
}

/** Show the words of the address, unless somebody types: writing ends a composition and drops the newest letters. */
function keepUp(field) {
  if (!typing && field !== document.activeElement && field.value !== asked()) field.value = asked();
}

function wait(words, search) {
  const page = location.pathname;
  clearTimeout(typing);
  typing = setTimeout(() => {
    typing = 0;
    if (location.pathname === page) search(words); // whoever has gone on to another page does not search there
  }, TYPING_MS);
}
