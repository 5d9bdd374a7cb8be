/** Owns: `timers/promises` in virtual time. Leaves to others: the timers themselves (`timers.ts`). */

import { invalidArgType } from '../net/errors.ts';
import { validateBoolean, validateNumber, validateSignal } from '../net/validate.ts';
import { here, type Place } from './place.ts';
import { abortError, setImmediateAt, setIntervalAt, setTimeoutAt } from './timers.ts';

interface Options {
  readonly signal?: AbortSignal;
  readonly ref?: boolean;
}

interface Closable {
  close(): unknown;
  unref(): unknown;
}

export function later(place: Place, wait: unknown, value: unknown, options: unknown): Promise<unknown> {
  return settled(
    options,
    (resolve) => setTimeoutAt(place, () => resolve(value), wait, []),
    () => {
      if (wait !== undefined) validateNumber(wait, 'delay');
    },
  );
}

export function immediately(place: Place, value: unknown, options: unknown): Promise<unknown> {
  return settled(options, (resolve) => setImmediateAt(place, () => resolve(value), []));
}

/** The iterator of `setInterval`: ticks that nobody has waited for yet are told one after the other. */
export async function* repeatedly(
  place: Place,
  wait: unknown,
  value: unknown,
  given: unknown,
): AsyncGenerator<unknown, undefined, undefined> {
  const { signal, ref = true } = checked(given);
  if (wait !== undefined) validateNumber(wait, 'delay');
  if (signal?.aborted) throw abortError(signal);
  let ticks = 0;
  let wake: (() => void) | null = null;
  const tick = (): void => {
    ticks++;
    wake?.();
  };
  const timer = setIntervalAt(place, tick, wait, []);
  if (!ref) timer.unref();
  const aborted = (): void => {
    timer.close();
    wake?.();
  };
  signal?.addEventListener('abort', aborted, { once: true });
  try {
    for (;;) {
      if (ticks === 0 && !signal?.aborted) await new Promise<void>((resolve) => (wake = resolve));
      for (; ticks > 0; ticks--) yield value;
      if (signal?.aborted) throw abortError(signal);
    }
  } finally {
    timer.close();
    signal?.removeEventListener('abort', aborted);
  }
}

/** A method of `timers/promises`' `scheduler`. */
export function virtualScheduler(name: 'wait' | 'yield', real: (...args: unknown[]) => unknown) {
  return (...args: unknown[]): unknown => {
    const place = here();
    if (place === undefined) return real(...args);
    return name === 'wait' ? later(place, args[0], undefined, args[1]) : immediately(place, undefined, undefined);
  };
}

/** A promise that a timer settles, or a signal before that. */
async function settled(
  given: unknown,
  set: (resolve: (value: unknown) => void) => Closable,
  check: () => void = () => {},
): Promise<unknown> {
  check();
  const { signal, ref = true } = checked(given);
  if (signal?.aborted) throw abortError(signal);
  let ended = (): void => {};
  const promise = new Promise((resolve, reject) => {
    const timer = set(resolve);
    if (!ref) timer.unref();
    if (signal === undefined) return;
    const aborted = (): void => {
      timer.close();
      reject(abortError(signal));
    };
    signal.addEventListener('abort', aborted, { once: true });
    ended = () => signal.removeEventListener('abort', aborted);
  });
  try {
    return await promise;
  } finally {
    ended();
  }
}

function checked(given: unknown): Options {
  if (given === undefined) return {};
  if (typeof given !== 'object' || given === null) throw invalidArgType('options', 'of type object', given);
  const { signal, ref } = given as Options;
  if (signal !== undefined) validateSignal(signal, 'options.signal');
  if (ref !== undefined) validateBoolean(ref, 'options.ref');
  return { ...(signal === undefined ? {} : { signal }), ...(ref === undefined ? {} : { ref }) };
}
