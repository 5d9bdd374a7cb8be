/** Owns: which code gets virtual timers: that of a place. Leaves to others: those timers (`timers.ts`, `timer-promises.ts`). */

import timers from 'node:timers';
import timersPromises from 'node:timers/promises';
import { promisify } from 'node:util';
import { FastClock, isFastClock } from './fast-clock.ts';
import type { Patcher } from './patcher.ts';
import { here } from './place.ts';
import { immediately, later, repeatedly, virtualScheduler } from './timer-promises.ts';
import { clearVirtual, setImmediateAt, setIntervalAt, setTimeoutAt } from './timers.ts';

type Real = (...args: unknown[]) => unknown;

const SETTERS = {
  setTimeout:
    (real: Real): Real =>
    (callback, wait, ...args) => {
      if (isFastClock(callback, wait)) return new FastClock(callback);
      const place = here();
      return place === undefined ? real(callback, wait, ...args) : setTimeoutAt(place, callback, wait, args);
    },
  setInterval:
    (real: Real): Real =>
    (callback, wait, ...args) => {
      const place = here();
      return place === undefined ? real(callback, wait, ...args) : setIntervalAt(place, callback, wait, args);
    },
  setImmediate:
    (real: Real): Real =>
    (callback, ...args) => {
      const place = here();
      return place === undefined ? real(callback, ...args) : setImmediateAt(place, callback, args);
    },
  clearTimeout: clear,
  clearInterval: clear,
  clearImmediate: clear,
};

/** Whoever has a timer can end it, wherever that is. */
function clear(real: Real): Real {
  return (timer) => {
    if (!clearVirtual(timer)) real(timer);
  };
}

const PROMISES = {
  setTimeout:
    (real: Real): Real =>
    (wait, value, options) => {
      const place = here();
      return place === undefined ? real(wait, value, options) : later(place, wait, value, options);
    },
  setImmediate:
    (real: Real): Real =>
    (value, options) => {
      const place = here();
      return place === undefined ? real(value, options) : immediately(place, value, options);
    },
  setInterval:
    (real: Real): Real =>
    (wait, value, options) => {
      const place = here();
      return place === undefined ? real(wait, value, options) : repeatedly(place, wait, value, options);
    },
};

export function patchTimers(patcher: Patcher): void {
  patcher.wrap(timersPromises, PROMISES);
  const { scheduler } = timersPromises;
  patcher.define(scheduler, 'wait', method(virtualScheduler('wait', scheduler.wait.bind(scheduler) as Real)));
  patcher.define(scheduler, 'yield', method(virtualScheduler('yield', scheduler.yield.bind(scheduler) as Real)));
  for (const target of [timers, globalThis]) {
    patcher.wrap(target, SETTERS);
    for (const name of ['setTimeout', 'setImmediate'] as const) {
      Object.defineProperty(target[name], promisify.custom, { get: () => timersPromises[name], enumerable: true });
    }
  }
}

function method(value: unknown): PropertyDescriptor {
  return { value, enumerable: false, writable: true, configurable: true };
}
