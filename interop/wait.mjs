/** Owns: waiting. The clocks here are those of the suite, not of any stack. */

export function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Waits until `holds` (which may be asynchronous) is true. @throws Error naming `what` after `limit` ms */
export async function until(holds, what, limit = 10_000) {
  const end = performance.now() + limit;
  for (let pause = 1; ; pause = Math.min(pause * 1.5, 20)) {
    if (await holds()) return;
    if (performance.now() > end)
      throw new Error(`waited ${limit} ms in vain for ${typeof what === 'function' ? what() : what}`);
    await sleep(pause);
  }
}
