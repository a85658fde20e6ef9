// Reading again what a changed row does not tell: once for many changes, and never while the service is away.

// After the first of several changes; a burst of reports is one read, and a reader does not notice the delay.
const DELAY_MS = 1_000;

const waiting = new WeakSet();

/** Have `read()` replace members of the view's data, `delay` milliseconds after the first of several changes. */
export function reread(ctx, read, delay = DELAY_MS) {
  if (waiting.has(ctx)) {
    return;
  }
  waiting.add(ctx);
  setTimeout(async () => {
    waiting.delete(ctx);
    try {
      const fresh = await read();
      ctx.update((data) => ({ ...data, ...fresh }));
    } catch (error) {
      if (!error.retry) {
        throw error; // otherwise the service is away, and the reconnection reads the whole view again
      }
    }
  }, delay);
}
