/**
 * Owns: the one place from which a broken invariant throws. Hostile input never leads here (it costs a counter);
 * reaching it is a bug in tsyn.
 */

/** Thrown when tsyn's own state contradicts itself. `code` is `ERR_TSYN_INVARIANT`. */
export class InvariantError extends Error {
  readonly code = 'ERR_TSYN_INVARIANT';
  override readonly name = 'InvariantError';
}

/** Throws {@link InvariantError} unless `condition` holds. */
export function invariant(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}
