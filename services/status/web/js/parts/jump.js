// Links from one entry of the page to another. The address stays: a fragment would be one more entry of its history.

/** A link to the entry of the history at a position. */
export function entryLink(position, ctx) {
  return ctx.html`<a href="#p${position}" @click=${jump}>${ctx.t("history.position", position)}</a>`;
}

function jump(event) {
  event.preventDefault();
  const entry = document.getElementById(event.currentTarget.hash.slice(1));
  if (entry !== null) {
    entry.tabIndex = -1; // so that the keyboard goes on from there
    entry.focus();
  }
}
