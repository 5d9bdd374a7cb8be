/**
 * Owns: what a scenario does wrong behind its own back: a promise that nobody waits for is rejected, a timer of the runtime's
 * throws, it ends the process, it waits for something that never comes. It fails the run that it happens in, not the process.
 */

import { SimulationError } from '../../sim/errors.ts';

/** How often it is looked whether a scenario waits for its simulation, real ms. */
const LOOK = 100;

/** Runs under way. */
let guards = 0;

/** Whether a run is under way, which hears of what goes wrong. */
export function guarding(): boolean {
  return guards > 0;
}

export interface GuardOptions {
  /** Whether virtual time is being driven. */
  running(): boolean;
  /** Real time that may pass while it is not, ms. */
  readonly patience: number;
}

/**
 * Runs `act` to its end, and a turn of the event loop beyond.
 *
 * @throws what it throws, or what was thrown meanwhile; SimulationError ERR_SIM_STATE when it waits outside of the simulation
 */
export async function guarded(act: () => void | Promise<void>, options: GuardOptions): Promise<void> {
  let fail: (error: unknown) => void = () => {};
  const stray = new Promise<never>((_, reject) => {
    fail = reject;
  });
  stray.catch(() => {});
  const onStray = (error: unknown): void => fail(error);
  process.on('unhandledRejection', onStray).on('uncaughtException', onStray);
  const { exit } = process;
  guards++;
  process.exit = (status) => {
    const error = new SimulationError('ERR_SIM_STATE', `the scenario ends its process, with status ${status ?? 0}`);
    fail(error);
    throw error;
  };
  try {
    const running = act();
    if (running !== undefined) await watched(Promise.race([running, stray]), options, fail);
    // Rejections are told once microtasks are done.
    await Promise.race([new Promise((resolve) => setImmediate(resolve)), stray]);
  } finally {
    guards--;
    process.exit = exit;
    process.off('unhandledRejection', onStray).off('uncaughtException', onStray);
  }
}

async function watched(
  promise: Promise<void>,
  { running, patience }: GuardOptions,
  fail: (error: unknown) => void,
): Promise<void> {
  let idle = 0;
  const watch = setInterval(() => {
    idle = running() ? 0 : idle + LOOK;
    if (idle <= patience) return;
    const message = `the scenario has waited for ${patience} ms of real time for something that its simulation does not make happen`;
    fail(
      new SimulationError(
        'ERR_SIM_STATE',
        `${message}: what is to happen in virtual time needs 'await sim.until(...)'`,
      ),
    );
  }, LOOK);
  try {
    await promise;
  } finally {
    clearInterval(watch);
  }
}
