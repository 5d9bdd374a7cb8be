/** Owns: the forms in which `connect` and `listen` take their arguments, brought into one. */

import hostNet, { type LookupFunction, type TcpSocketConnectOpts } from 'node:net';

/** Options of `connect` and of `listen`, not yet looked at. */
export interface GivenOptions {
  port?: unknown;
  host?: string;
  path?: unknown;
  localAddress?: string;
  localPort?: number;
  family?: unknown;
  hints?: number;
  lookup?: LookupFunction;
  autoSelectFamily?: unknown;
  autoSelectFamilyAttemptTimeout?: unknown;
  timeout?: number;
  backlog?: number;
  exclusive?: boolean;
  ipv6Only?: boolean;
  signal?: AbortSignal;
  fd?: unknown;
  handle?: unknown;
  _handle?: unknown;
}

export type Callback = (...args: never[]) => void;

/** Node's own has this for `tls`, and a mark for what it returns. */
const { _normalizeArgs } = hostNet as { _normalizeArgs?: (args: readonly unknown[]) => object };

/**
 * Marks arguments that have been brought into this form: `net.connect` hands them on to `socket.connect`, and so do Node's
 * modules, with Node's mark.
 */
const NORMALIZED: symbol =
  Object.getOwnPropertySymbols(_normalizeArgs?.([]) ?? {})[0] ?? Symbol('normalized arguments');

export type Normalized = [options: GivenOptions, callback: Callback | null] & { [mark: symbol]: unknown };

/** A text that is not a number names a path. */
export function isPath(value: unknown): value is string {
  return typeof value === 'string' && toNumber(value) === false;
}

/** A number from 0, or false. */
export function toNumber(value: unknown): number | false {
  const number = Number(value);
  return number >= 0 ? number : false;
}

/** `(options[, cb])`, `(path[, cb])`, `([port][, host][, cb])`; what else stands between is the caller's. */
export function normalizeArguments(args: readonly unknown[]): Normalized {
  const [first] = args;
  if (Array.isArray(first) && (first as Normalized)[NORMALIZED]) return first as Normalized;
  const last = args.at(-1);
  const callback = typeof last === 'function' ? (last as Callback) : null;
  const normalized = [optionsOf(args), callback] as unknown as Normalized;
  normalized[NORMALIZED] = true;
  return normalized;
}

function optionsOf(args: readonly unknown[]): GivenOptions {
  if (args.length === 0) return {};
  const [first, second] = args;
  if (typeof first === 'object' && first !== null) return first;
  if (isPath(first)) return { path: first };
  return typeof second === 'string' ? { port: first, host: second } : { port: first };
}

/** A family as `dns.lookup` takes it. */
export function dnsFamily(family: unknown): TcpSocketConnectOpts['family'] {
  return family === 'IPv4' ? 4 : family === 'IPv6' ? 6 : (family as number);
}
