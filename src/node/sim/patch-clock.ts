/** Owns: what time it is, for code of a place: `Date`, `performance`, `process.hrtime` and `uptime`; and `Math.random` and `AbortSignal.timeout`. */

import { performance } from 'node:perf_hooks';
import { outOfRange } from '../net/errors.ts';
import { validateNumber } from '../net/validate.ts';
import type { Patcher } from './patcher.ts';
import { here, runAt } from './place.ts';
import { processes } from './processes.ts';
import { setTimeoutAt } from './timers.ts';

type Real = (...args: unknown[]) => unknown;

export function patchClock(patcher: Patcher): void {
  patchDate(patcher);
  patcher.wrap(Math, { random: (real: () => number) => () => here()?.chance() ?? real() });
  const timing = Object.getPrototypeOf(performance) as object;
  patcher.wrap(timing, { now: (real: Real) => now(real) });
  patchTimeOrigin(patcher, timing);
  for (const target of processes()) {
    patcher.wrap(target, {
      hrtime: (real: Real) => hrtime(real),
      uptime: (real: Real) => () => seconds(here()?.uptime) ?? real(),
    });
  }
  patcher.wrap(AbortSignal, { timeout: (real: Real) => timeoutSignal(real) });
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}

function patchDate(patcher: Patcher): void {
  const Real = Date;
  function VirtualDate(this: unknown, ...args: unknown[]): unknown {
    const place = here();
    if (new.target === undefined) return place === undefined ? Real() : new Real(place.date).toString();
    const given = place === undefined || args.length > 0 ? args : [place.date];
    return Reflect.construct(Real, given, new.target === (VirtualDate as unknown) ? Real : new.target);
  }
  Object.setPrototypeOf(VirtualDate, Object.getPrototypeOf(Real));
  const own = Object.getOwnPropertyDescriptors(Real);
  Object.defineProperties(VirtualDate, {
    ...own,
    now: { ...own.now, value: () => here()?.date ?? Real.now() },
  } as PropertyDescriptorMap);
  patcher.replace(globalThis, 'Date', VirtualDate);
  patcher.replace(Real.prototype, 'constructor', VirtualDate);
}

/** With the check of its `this` that Node's has. */
function now(real: Real): Real {
  return function (this: unknown): unknown {
    const place = here();
    return place === undefined ? real.call(this) : place.uptime;
  };
}

function patchTimeOrigin(patcher: Patcher, timing: object): void {
  const holder = Object.hasOwn(timing, 'timeOrigin') ? timing : performance;
  const real = Object.getOwnPropertyDescriptor(holder, 'timeOrigin');
  if (real === undefined) return;
  patcher.define(holder, 'timeOrigin', {
    get(this: unknown): unknown {
      const place = here();
      if (place !== undefined) return place.surroundings.epoch + place.begun;
      return real.get === undefined ? real.value : real.get.call(this);
    },
    enumerable: real.enumerable ?? false,
    configurable: true,
  });
}

type Instant = [seconds: number, nanoseconds: number];

function hrtime(real: Real): Real {
  const instant = (since?: Instant): Instant => {
    const place = here();
    if (place === undefined) return (since === undefined ? real() : real(since)) as Instant;
    const nanoseconds = nanosecondsOf(place.now) - (since === undefined ? 0n : toNanoseconds(since));
    const whole = nanoseconds / 1_000_000_000n;
    return [Number(whole), Number(nanoseconds - whole * 1_000_000_000n)];
  };
  const bigint = (real as unknown as { bigint: () => bigint }).bigint;
  return Object.assign(instant as Real, {
    bigint: (): bigint => {
      const place = here();
      return place === undefined ? bigint() : nanosecondsOf(place.now);
    },
  });
}

function nanosecondsOf(ms: number): bigint {
  return BigInt(Math.round(ms * 1e6));
}

function toNanoseconds([whole, rest]: Instant): bigint {
  return BigInt(whole) * 1_000_000_000n + BigInt(rest);
}

function timeoutSignal(real: Real): Real {
  return function (this: unknown, ms: unknown): unknown {
    const place = here();
    if (place === undefined) return real.call(this, ms);
    validateNumber(ms, 'delay');
    if (!(ms >= 0 && ms <= Number.MAX_SAFE_INTEGER))
      throw outOfRange('delay', `>= 0 && <= ${Number.MAX_SAFE_INTEGER}`, ms);
    const controller = new AbortController();
    const abort = (): void => {
      controller.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError'));
    };
    runAt(place, () => setTimeoutAt(place, abort, ms, []).unref());
    return controller.signal;
  };
}
