/**
 * Owns: the monotonic clock that real stacks run on. Never the wall clock: that one jumps.
 */

/** Milliseconds since the process started, with a fraction; never goes back. */
export function monotonic(): number {
  return performance.now();
}
