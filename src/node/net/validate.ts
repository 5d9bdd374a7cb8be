/** Owns: the checks of arguments as Node makes them: what is taken, what throws, and with which words. */

import { coded, invalidArgType, outOfRange } from './errors.ts';

export function validateNumber(value: unknown, name: string): asserts value is number {
  if (typeof value !== 'number') throw invalidArgType(name, 'of type number', value);
}

export function validateBoolean(value: unknown, name: string): asserts value is boolean {
  if (typeof value !== 'boolean') throw invalidArgType(name, 'of type boolean', value);
}

export function validateString(value: unknown, name: string): asserts value is string {
  if (typeof value !== 'string') throw invalidArgType(name, 'of type string', value);
}

export function validateFunction(value: unknown, name: string): asserts value is (...args: never[]) => unknown {
  if (typeof value !== 'function') throw invalidArgType(name, 'of type function', value);
}

export function validateSignal(value: unknown, name: string): asserts value is AbortSignal {
  if (value === null || typeof value !== 'object' || !('aborted' in value)) {
    throw invalidArgType(name, 'an instance of AbortSignal', value);
  }
}

export function validateInt32(value: unknown, name: string, least: number): asserts value is number {
  validateNumber(value, name);
  if (!Number.isInteger(value)) throw outOfRange(name, 'an integer', value);
  if (value < least || value > 0x7fffffff) throw outOfRange(name, `>= ${least} && <= 2147483647`, value);
}

/** A port as a number or as its digits, decimal or with 0x. */
export function validatePort(value: unknown, name = 'Port'): number {
  const given = typeof value === 'string' && value.trim().length > 0 ? +value : value;
  if (typeof given === 'number' && given === given >>> 0 && given <= 0xffff) return given | 0;
  const shown = typeof value === 'string' ? `type string ('${value}')` : `type ${typeof value} (${String(value)})`;
  throw coded(
    RangeError,
    'ERR_SOCKET_BAD_PORT',
    `${name} should be >= 0 and < 65536. Received ${value === null || value === undefined ? value : shown}.`,
  );
}

/** The longest that Node's timers wait, ms. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;

/** Milliseconds for a timer; too many are brought down with a warning. */
export function timerDuration(value: unknown, name: string): number {
  validateNumber(value, name);
  if (value < 0 || !Number.isFinite(value)) throw outOfRange(name, 'a non-negative finite number', value);
  if (value <= LONGEST_TIMEOUT) return value;
  process.emitWarning(
    `${value} does not fit into a 32-bit signed integer.\nTimer duration was truncated to ${LONGEST_TIMEOUT}.`,
    'TimeoutOverflowWarning',
  );
  return LONGEST_TIMEOUT;
}
