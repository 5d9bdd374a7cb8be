/** Owns: the check of what an application asks for its connections, before any of it reaches the engine. */

import type { TcpOptions } from '../tcp/index.ts';
import { type Address, parseAddress } from '../wire/address.ts';
import { invalidArgument } from './errors.ts';
import type { TcpHandler } from './tcp-socket.ts';

export interface ConnectOptions {
  readonly address: string;
  readonly port: number;
  /** One of this host's addresses (MUST-43); by default the one that suits the route (MUST-44). */
  readonly localAddress?: string;
  readonly localPort?: number;
  /** IPv4 hosts to come by on the way, the nearest first (MUST-51); needs `config.ip.sourceRoutes`. */
  readonly sourceRoute?: readonly string[];
  readonly options?: Partial<TcpOptions>;
  /**
   * With `options.fastOpen`: the SYN leaves at once with as much of this as it carries, if there is a cookie. So much is taken
   * (`writableLength` says how much); the rest is for `write`.
   */
  readonly data?: Uint8Array;
  /** What the connection's events go to. */
  readonly handler?: TcpHandler;
}

/** What a ring holds at most. */
export const LARGEST_BUFFER: number = 128 * 1024 * 1024;

type Check = (name: string, value: unknown) => void;

const CHECKS: Readonly<Record<keyof TcpOptions, Check>> = {
  receiveBuffer: integer(1, LARGEST_BUFFER),
  receiveBufferMax: integer(1, LARGEST_BUFFER),
  sendBuffer: integer(1, LARGEST_BUFFER),
  sendBufferMax: integer(1, LARGEST_BUFFER),
  unsentLow: octets,
  noDelay: flag,
  keepAlive: flag,
  keepAliveIdle: duration,
  keepAliveInterval: duration,
  keepAliveProbes: integer(0, 1_000_000),
  keepAliveGarbage: flag,
  userTimeout: orNull(duration),
  synTimeout: orNull(duration),
  userTimeoutOption: flagOrDuration,
  linger: orNull(wait),
  timestamps: flag,
  windowScaling: flag,
  sack: flag,
  ecn: oneOf('off', 'accept', 'request'),
  fastOpen: oneOf(true, false, 'without-cookie'),
  maxSegment: orNull(integer(8, 65_535)),
  initialWindow: orNull(integer(1, 1000)),
  mtuProbing: oneOf('off', 'black-hole', 'always'),
  ttl: integer(1, 255),
  dscp: integer(0, 63),
  pacing: flag,
  congestion: () => {},
};

/**
 * `defaults` with what is given in their places.
 *
 * @param controllers names of congestion controllers
 * @throws TsynError ERR_INVALID_ARG_VALUE naming the setting and the value: an unknown one, a wrong type, out of bounds
 */
export function mergeTcpOptions(
  defaults: TcpOptions,
  given: Partial<TcpOptions> | undefined,
  controllers: Readonly<Record<string, unknown>>,
): TcpOptions {
  if (given === undefined) return defaults;
  if (typeof given !== 'object' || given === null) throw invalidArgument('options', given, 'an object');
  const merged: Record<string, unknown> = { ...defaults };
  for (const [key, value] of Object.entries(given)) {
    if (!Object.hasOwn(CHECKS, key)) throw invalidArgument(`options.${key}`, value, 'a known setting');
    if (value === undefined) continue;
    CHECKS[key as keyof TcpOptions](`options.${key}`, value);
    merged[key] = value;
  }
  for (const buffer of ['receiveBuffer', 'sendBuffer'] as const) settleBuffer(merged, given, buffer);
  const { congestion } = merged as unknown as TcpOptions;
  if (typeof congestion !== 'string' || !Object.hasOwn(controllers, congestion)) {
    throw invalidArgument('options.congestion', congestion, `one of ${Object.keys(controllers).join(', ')}`);
  }
  return merged as unknown as TcpOptions;
}

/** A size that is given without its most is the most; a most that is given brings the size down to it. */
function settleBuffer(
  merged: Record<string, unknown>,
  given: Partial<TcpOptions>,
  buffer: 'receiveBuffer' | 'sendBuffer',
): void {
  const most = `${buffer}Max` as const;
  if (given[buffer] !== undefined && given[most] === undefined) merged[most] = merged[buffer];
  if ((merged[most] as number) >= (merged[buffer] as number)) return;
  if (given[buffer] !== undefined) throw invalidArgument(`options.${most}`, merged[most], `at least ${buffer}`);
  merged[buffer] = merged[most];
}

/** @throws TsynError ERR_INVALID_ARG_VALUE */
export function checkAddress(name: string, value: unknown): Address {
  const address = typeof value === 'string' ? parseAddress(value) : null;
  if (address === null) throw invalidArgument(name, value, 'an IP address');
  return address;
}

/** @throws TsynError ERR_INVALID_ARG_VALUE */
export function checkInteger(name: string, value: unknown, least: number, most: number): void {
  if (!Number.isInteger(value) || (value as number) < least || (value as number) > most) {
    throw invalidArgument(name, value, `an integer from ${least} to ${most}`);
  }
}

function integer(least: number, most: number): Check {
  return (name, value) => checkInteger(name, value, least, most);
}

function oneOf(...words: (string | boolean)[]): Check {
  return (name, value) => {
    if (!words.includes(value as string)) throw invalidArgument(name, value, `one of ${words.join(', ')}`);
  };
}

function octets(name: string, value: unknown): void {
  if (typeof value !== 'number' || !(value > 0)) throw invalidArgument(name, value, 'a positive number of octets');
}

function flag(name: string, value: unknown): void {
  if (typeof value !== 'boolean') throw invalidArgument(name, value, 'true or false');
}

function duration(name: string, value: unknown): void {
  if (typeof value !== 'number' || !(value > 0))
    throw invalidArgument(name, value, 'a positive number of milliseconds');
}

function wait(name: string, value: unknown): void {
  if (value !== 0) duration(name, value);
}

function flagOrDuration(name: string, value: unknown): void {
  if (typeof value === 'number') duration(name, value);
  else flag(name, value);
}

function orNull(check: Check): Check {
  return (name, value) => {
    if (value !== null) check(name, value);
  };
}
