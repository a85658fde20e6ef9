// Reading again what a changed row does not tell: once for many changes, and never while the service is away.

// After the first of several changes; a burst of reports is one read, and a reader does not notice the delay.
const DELAY_MS = 1_000;

const waiting = new WeakMap(); // views whose read is to come or on the way: {reading, again} of each

/**
 * Have `read()` replace members of the view's data, `delay` milliseconds after the first of several changes.
 *
 * A change during a read has one more follow it: two at once could answer in the other order, and the older one stay.
 */
export function reread(ctx, read, delay = DELAY_MS) {
  const known = waiting.get(ctx);
  if (known) {
    known.again = known.reading;
    return;
  }
  const mine = { reading: false, again: false };
  waiting.set(ctx, mine);
  setTimeout(async () => {
    mine.reading = true;
    try {
      const fresh = await read();
      ctx.update((data) => ({ ...data, ...fresh }));
    } catch (error) {
      if (!error.retry) {
        throw error; // otherwise the service is away, and the reconnection reads the whole view again
      }
    } finally {
      waiting.delete(ctx);
      if (mine.again) reread(ctx, read, delay);
    }
  }, delay);
}
