// Pages of a list that turn by themselves and can be paused. A custom element, because its timer must end with it.

const TURN_MS = 10_000; // long enough to read eight lines, short enough to see the rest while one waits for the lift

/** <duban-pages>: shows one of its children at a time; `paused` and `page` are its state, and "turn" tells of a change. */
class Pages extends HTMLElement {
  connectedCallback() {
    this.page = 0;
    // who has asked for less motion starts with a page that stands still
    this.paused = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.timer = setInterval(() => this.paused || this.turn(1), TURN_MS);
    // children come and go with the rows, and one that is new would be shown beside the current one
    this.observer = new MutationObserver(() => this.show());
    this.observer.observe(this, { childList: true });
    this.show();
  }

  disconnectedCallback() {
    clearInterval(this.timer);
    this.observer.disconnect();
  }

  /** Turn so many pages on, or back; after the last one comes the first. */
  turn(by) {
    const count = Math.max(1, this.children.length);
    this.page = (this.page + by + count) % count;
    this.show();
  }

  pause(paused) {
    this.paused = paused;
    this.show();
  }

  show() {
    this.page = Math.min(this.page, Math.max(0, this.children.length - 1));
    [...this.children].forEach((child, number) => {
      child.hidden = number !== this.page;
    });
    const detail = { page: this.page, count: this.children.length, paused: this.paused };
    // later, because the element may be shown in the middle of a drawing, which must not begin another
    queueMicrotask(() => this.isConnected && this.dispatchEvent(new CustomEvent("turn", { detail })));
  }
}

customElements.define("duban-pages", Pages);
