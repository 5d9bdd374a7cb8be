/** Owns: which objects are the process. */

import { runInThisContext } from 'node:vm';

/** The process, and what a test runner gives out for it: jest has suites in a context with a copy, which hears of nothing. */
export function processes(): NodeJS.Process[] {
  const real = runInThisContext('process') as NodeJS.Process;
  return real === process ? [process] : [process, real];
}
