/**
 * Owns: the errors that API users see. Hostile packets never lead here; wrong arguments and failed operations do.
 */

/** What else an error says, under Node's names. */
export interface ErrorDetails {
  /** The operation: 'bind', 'connect', 'send', 'ping', ... */
  readonly syscall?: string;
  readonly address?: string;
  readonly port?: number;
}

/**
 * An error with Node's `code`: EADDRINUSE, EADDRNOTAVAIL, ENETUNREACH, EHOSTUNREACH, ECONNREFUSED, EMSGSIZE, EINVAL,
 * ETIMEDOUT, ERR_INVALID_ARG_VALUE, ...; `syscall`, `address` and `port` are present where they apply.
 */
export class TsynError extends Error {
  override readonly name = 'TsynError';
  readonly code: string;
  declare readonly syscall?: string;
  declare readonly address?: string;
  declare readonly port?: number;

  constructor(code: string, message: string, details: ErrorDetails = {}) {
    super(message);
    this.code = code;
    Object.assign(this, details);
  }
}

/** An error worded as Node words a failed system call: `bind EADDRINUSE 10.0.0.1:53`. */
export function syscallError(code: string, syscall: string, address?: string, port?: number): TsynError {
  const details: { syscall: string; address?: string; port?: number } = { syscall };
  let message = `${syscall} ${code}`;
  if (address !== undefined) {
    details.address = address;
    message += ` ${address}`;
    if (port !== undefined) {
      details.port = port;
      message += `:${port}`;
    }
  }
  return new TsynError(code, message, details);
}

/** ERR_INVALID_ARG_VALUE naming the argument and the value given. */
export function invalidArgument(name: string, value: unknown, expected: string): TsynError {
  return new TsynError('ERR_INVALID_ARG_VALUE', `${name} must be ${expected}, not ${show(value)}`);
}

/** ERR_INVALID_ARG_TYPE naming the argument and the value given. */
export function invalidType(name: string, value: unknown, expected: string): TsynError {
  return new TsynError('ERR_INVALID_ARG_TYPE', `${name} must be ${expected}, not ${show(value)}`);
}

function show(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : String(value);
}
