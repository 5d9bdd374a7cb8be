/**
 * Owns: what a scenario does wrong behind its own back: a promise that nobody waits for is rejected, a timer of the runtime's
 * throws. It fails the run that it happens in, not the process.
 */

/** Runs `act` to its end, and a turn of the event loop beyond. @throws what it throws, or what was thrown meanwhile */
export async function guarded(act: () => void | Promise<void>): Promise<void> {
  let fail: (error: unknown) => void = () => {};
  const stray = new Promise<never>((_, reject) => {
    fail = reject;
  });
  stray.catch(() => {});
  const onStray = (error: unknown): void => fail(error);
  process.on('unhandledRejection', onStray).on('uncaughtException', onStray);
  try {
    const running = act();
    if (running !== undefined) await Promise.race([running, stray]);
    // Rejections are told once microtasks are done.
    await Promise.race([new Promise((resolve) => setImmediate(resolve)), stray]);
  } finally {
    process.off('unhandledRejection', onStray).off('uncaughtException', onStray);
  }
}
