/**
 * Owns: what becomes of errors that nobody catches, and of rejections that nobody looks at, in code of a place: the run fails, not the
 * process. Others are the process' as ever.
 */

import type { Patcher } from './patcher.ts';
import { here, running } from './place.ts';
import { processes } from './processes.ts';

type Emit = (this: unknown, event: unknown, ...args: unknown[]) => boolean;

const FAILURES = new Set<unknown>(['uncaughtException', 'uncaughtExceptionMonitor', 'unhandledRejection']);

export function patchFailures(patcher: Patcher): void {
  for (const target of processes()) {
    const { emit: real } = target as unknown as { emit: Emit };
    const emit: Emit = function (this, event, ...args) {
      // Where a tick throws, its context is the one that is left.
      const place = FAILURES.has(event) ? (here() ?? running()) : undefined;
      if (place === undefined) return real.call(this, event, ...args);
      if (event !== 'uncaughtExceptionMonitor') place.surroundings.fail(args[0], place);
      return true;
    };
    patcher.define(target, 'emit', { value: emit, enumerable: false, writable: true, configurable: true });
  }
}
