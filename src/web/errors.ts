/**
 * Owns: the error that every promise and stream of this folder rejects with, and how the stack's errors and a user's reasons
 * become one.
 */

import { TsynError } from '../stack/errors.ts';

/** What else an error says. */
export interface SocketErrorDetails {
  readonly syscall?: string | undefined;
  readonly address?: string | undefined;
  readonly port?: number | undefined;
  readonly hostname?: string | undefined;
  readonly cause?: unknown;
}

/**
 * A TypeError, as the sockets API of WinterTC has it, with Node's `code`: ECONNREFUSED, ECONNRESET, ETIMEDOUT, ENOTFOUND, EPIPE,
 * EADDRINUSE, ABORT_ERR (whose `name` is `AbortError`), ERR_INVALID_ARG_VALUE, ...; `syscall`, `address`, `port`, `hostname` and
 * `cause` are present where they apply.
 */
export class SocketError extends TypeError {
  readonly code: string;
  declare readonly syscall?: string;
  declare readonly address?: string;
  declare readonly port?: number;
  declare readonly hostname?: string;

  constructor(code: string, message: string, details: SocketErrorDetails = {}) {
    super(`SocketError: ${message}`);
    this.name = code === 'ABORT_ERR' ? 'AbortError' : 'SocketError';
    this.code = code;
    for (const [key, value] of Object.entries(details)) {
      if (value !== undefined) Object.defineProperty(this, key, { value, configurable: true, writable: true });
    }
  }
}

/** What was thrown, as a SocketError: itself, or with it as the `cause`. */
export function socketError(thrown: unknown): SocketError {
  if (thrown instanceof SocketError) return thrown;
  if (thrown instanceof TsynError) {
    const { code, message, syscall, address, port } = thrown;
    return new SocketError(code, message, { syscall, address, port, cause: thrown });
  }
  return new SocketError('ERR_TSYN_FAILED', thrown instanceof Error ? thrown.message : String(thrown), {
    cause: thrown,
  });
}

/** The user has aborted, by a signal or by `abort` of a stream. @param reason what for: the error's `cause` */
export function abortError(reason: unknown): SocketError {
  return new SocketError('ABORT_ERR', 'the operation was aborted', { cause: reason });
}

/** The user's argument is wrong. @throws SocketError ERR_INVALID_ARG_VALUE, naming it and the value given */
export function badArgument(name: string, value: unknown, expected: string): SocketError {
  const shown = typeof value === 'string' ? `'${value}'` : String(value);
  return new SocketError('ERR_INVALID_ARG_VALUE', `${name} must be ${expected}, not ${shown}`);
}

/** `work`, with whatever it throws as a SocketError. */
export function guarded<T>(work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    throw socketError(thrown);
  }
}
