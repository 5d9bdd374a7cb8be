/**
 * Owns: what becomes of errors that nobody catches, and of rejections that nobody looks at, in code of a place: the run fails, not the
 * process. Others are the process' as ever. Nor does a program on a host end the process by `process.exit`.
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
      // What is left of a program whose host has crashed does no harm.
      if (event !== 'uncaughtExceptionMonitor' && place.alive) place.surroundings.fail(args[0], place);
      return true;
    };
    patcher.wrap(target, { exit });
    patcher.define(target, 'emit', { value: emit, enumerable: false, writable: true, configurable: true });
  }
}

function exit(real: (code?: unknown) => never): (code?: unknown) => never {
  return (code) => {
    const place = here();
    if (place === undefined) return real(code);
    throw new Error(`process.exit(${code === undefined ? '' : String(code)}) on host '${place.name}'`);
  };
}
