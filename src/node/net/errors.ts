/**
 * Owns: errors worded, coded and shaped as Node's: programs look at `code`, `errno`, `syscall`, `address`, `port` and the
 * message. Leaves to others: when they are due (`validate.ts`, `socket.ts`, `server.ts`).
 */

import { constants } from 'node:os';
import { format, getSystemErrorMap, inspect } from 'node:util';

type ErrorClass = new (message: string) => Error;

/** An error of JavaScript: `TypeError [CODE]: message` as a text, `name` and `code` as properties. */
export function coded(Base: ErrorClass, code: string, message: string): NodeJS.ErrnoException {
  const error = new Base(message) as NodeJS.ErrnoException;
  // The stack is written when it is made, and shows the code for ever; the name goes back to that of the class.
  Object.defineProperty(error, 'name', {
    value: `${error.name} [${code}]`,
    enumerable: false,
    writable: true,
    configurable: true,
  });
  Error.captureStackTrace(error, coded);
  void error.stack;
  delete (error as { name?: string }).name;
  error.code = code;
  return error;
}

export function outOfRange(name: string, range: string, received: unknown): Error {
  const shown =
    typeof received === 'number' && Number.isInteger(received) && Math.abs(received) > 2 ** 32
      ? grouped(String(received))
      : inspect(received);
  return coded(
    RangeError,
    'ERR_OUT_OF_RANGE',
    `The value of "${name}" is out of range. It must be ${range}. Received ${shown}`,
  );
}

/** 4_294_967_297 */
function grouped(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+$)/g, '_');
}

/** @param expected what follows "must be": `of type number`, `an instance of AbortSignal` */
export function invalidArgType(name: string, expected: string, received: unknown): Error {
  const what = name.endsWith(' argument') ? name : `"${name}" ${name.includes('.') ? 'property' : 'argument'}`;
  return coded(TypeError, 'ERR_INVALID_ARG_TYPE', `The ${what} must be ${expected}.${describe(received)}`);
}

export function invalidArgValue(name: string, value: unknown, reason = 'is invalid'): Error {
  let shown = inspect(value);
  if (shown.length > 128) shown = `${shown.slice(0, 128)}...`;
  const kind = name.includes('.') ? 'property' : 'argument';
  return coded(TypeError, 'ERR_INVALID_ARG_VALUE', `The ${kind} '${name}' ${reason}. Received ${shown}`);
}

/** What was given in place of what is wanted, in Node's words. */
function describe(value: unknown): string {
  if (value === null || value === undefined) return ` Received ${value}`;
  if (typeof value === 'function') return ` Received function ${value.name}`;
  if (typeof value === 'object') {
    const { name } = (value as object).constructor ?? {};
    return name ? ` Received an instance of ${name}` : ` Received ${inspect(value, { depth: -1 })}`;
  }
  let shown = inspect(value, { colors: false });
  if (shown.length > 28) shown = `${shown.slice(0, 25)}...`;
  return ` Received type ${typeof value} (${shown})`;
}

export function missingArgs(...names: string[]): Error {
  const quoted = names.map((name) => `"${name}"`).join(' or ');
  return coded(TypeError, 'ERR_MISSING_ARGS', `The ${quoted} argument must be specified`);
}

export const invalidIpAddress = (address: unknown): Error =>
  coded(TypeError, 'ERR_INVALID_IP_ADDRESS', format('Invalid IP address: %s', address));

/** An answer of `lookup` that is of no family that there is. */
export function invalidAddressFamily(family: unknown, host: string, port: unknown): Error {
  const message = `Invalid address family: ${family} ${host}:${port}`;
  return Object.assign(coded(RangeError, 'ERR_INVALID_ADDRESS_FAMILY', message), { host, port });
}

export const socketClosed = (): Error => coded(Error, 'ERR_SOCKET_CLOSED', 'Socket is closed');

export const invalidHandleType = (): Error =>
  coded(TypeError, 'ERR_INVALID_HANDLE_TYPE', 'This handle type cannot be sent');

export const closedBeforeConnection = (): Error =>
  coded(Error, 'ERR_SOCKET_CLOSED_BEFORE_CONNECTION', 'Socket closed before the connection was established');

// ---- Errors of the system: here the stack is the system. ----

/** The number that goes with a name, negative as libuv has it. */
export function errnoOf(code: string): number {
  return -((constants.errno as Record<string, number>)[code] ?? 4095);
}

const DESCRIPTIONS: Map<string, string> = new Map(
  [...getSystemErrorMap().values()].map(([name, description]) => [name, description]),
);

/** `read ECONNRESET` */
export function systemError(code: string, syscall: string): NodeJS.ErrnoException {
  const error = new Error(`${syscall} ${code}`) as NodeJS.ErrnoException;
  return Object.assign(error, { errno: errnoOf(code), code, syscall });
}

/** What is known of where a call went. */
export interface Where {
  readonly address?: string | undefined;
  readonly port?: number | undefined;
}

/** `connect ECONNREFUSED 127.0.0.1:80 - Local (127.0.0.1:12345)` */
export function connectError(code: string, syscall: string, where: Where, local?: string): NodeJS.ErrnoException {
  const { address, port } = where;
  const text = port !== undefined && port > 0 ? ` ${address}:${port}` : address ? ` ${address}` : '';
  const error = systemError(code, syscall);
  error.message = `${syscall} ${code}${text}${local === undefined ? '' : ` - Local (${local})`}`;
  return withWhere(error, where);
}

/** `listen EADDRINUSE: address already in use :::80` */
export function listenError(code: string, where: Where): NodeJS.ErrnoException {
  const { address, port } = where;
  const text = port !== undefined && port > 0 ? ` ${address}:${port}` : address ? ` ${address}` : '';
  const error = systemError(code, 'listen');
  error.message = `listen ${code}: ${DESCRIPTIONS.get(code) ?? 'unknown error'}${text}`;
  return withWhere(error, where);
}

function withWhere(error: NodeJS.ErrnoException, { address, port }: Where): NodeJS.ErrnoException {
  Object.assign(error, { address });
  if (port) Object.assign(error, { port });
  // Made from an error of other words, it would still show those.
  Error.captureStackTrace(error, withWhere);
  return error;
}

/** All addresses of a name failed: the first error's code, and all of them. */
export function aggregateError(errors: readonly NodeJS.ErrnoException[]): AggregateError {
  const error = new AggregateError(errors);
  const code = errors[0]?.code;
  if (code !== undefined) Object.assign(error, { code });
  return error;
}
