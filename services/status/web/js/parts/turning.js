// Pages of a list that turn by themselves and can be paused. A custom element, because its timer must end with it.

const TURN_MS = 10_000; // long enough to read eight lines, short enough to see the rest while one waits for the lift

/** <duban-pages>: shows one of its children at a time; `turned` is its state, and "turn" tells that it may have changed. */
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

  /** {page, count, paused}: which of how many children is shown, and whether it stays. */
  get turned() {
    return { page: this.page, count: this.children.length, paused: this.paused };
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
    // later, because the element may be shown in the middle of a drawing, which must not begin another
    queueMicrotask(() => this.isConnected && this.dispatchEvent(new Event("turn")));
  }
}

customElements.define("duban-pages", Pages);
