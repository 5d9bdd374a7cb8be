/**
 * Owns: where to: hostnames and ports as users write them, and the addresses a hostname stands for. There is no DNS in here:
 * names other than `localhost` are the business of a function that the user gives.
 */

import { parseAddress } from '../wire/address.ts';
import { badArgument, SocketError } from './errors.ts';

/** `'example.org:443'`, `'[::1]:80'`, or the two apart. */
export type AnySocketAddress = string | { readonly hostname: string; readonly port: number };

export interface HostPort {
  readonly hostname: string;
  readonly port: number;
}

/**
 * The addresses of a hostname, the best first; none, or a rejection, where there is no such name. `signal` tells that nobody
 * wants to know any more.
 */
export type Resolve = (
  hostname: string,
  options: { readonly signal?: AbortSignal | undefined },
) => string | readonly string[] | Promise<string | readonly string[]>;

/** @throws SocketError ERR_INVALID_ARG_VALUE */
export function parseTarget(address: AnySocketAddress): HostPort {
  if (typeof address === 'string') return split(address);
  if (typeof address !== 'object' || address === null) {
    throw badArgument('address', address, "a string like 'example.org:80' or { hostname, port }");
  }
  return { hostname: checkHost('hostname', address.hostname), port: checkPort('port', address.port, 1) };
}

/** @throws SocketError ERR_INVALID_ARG_VALUE */
export function checkPort(name: string, port: unknown, least: 0 | 1): number {
  if (typeof port !== 'number' || !Number.isInteger(port) || port < least || port > 65_535) {
    throw badArgument(name, port, `an integer from ${least} to 65535`);
  }
  return port;
}

/** A hostname without the brackets of an IPv6 address. @throws SocketError ERR_INVALID_ARG_VALUE */
export function checkHost(name: string, hostname: unknown): string {
  if (typeof hostname !== 'string' || hostname === '' || /[\s/@]/.test(hostname)) {
    throw badArgument(name, hostname, 'a hostname or an IP address');
  }
  const bracketed = /^\[(.*)\]$/.exec(hostname);
  return bracketed === null ? hostname : bracketed[1]!;
}

/**
 * The addresses of `hostname`: at once for an IP address or `localhost`, else by the user's function.
 *
 * @throws SocketError (or the promise rejects) ENOTFOUND
 */
export function lookUp(
  hostname: string,
  resolve: Resolve | undefined,
  signal: AbortSignal | undefined,
): readonly string[] | Promise<readonly string[]> {
  if (parseAddress(hostname) !== null) return [hostname];
  if (/^(.*\.)?localhost\.?$/i.test(hostname)) return ['127.0.0.1', '::1']; // RFC 6761 6.3
  if (resolve === undefined) {
    throw notFound(hostname, 'tsyn has no resolver of its own: give an IP address, or a function as `resolve`');
  }
  return ask(hostname, resolve, signal);
}

async function ask(hostname: string, resolve: Resolve, signal: AbortSignal | undefined): Promise<readonly string[]> {
  let answer: string | readonly string[];
  try {
    answer = await resolve(hostname, { signal });
  } catch (cause) {
    throw notFound(hostname, cause instanceof Error ? cause.message : String(cause), cause);
  }
  const addresses = typeof answer === 'string' ? [answer] : answer;
  if (!Array.isArray(addresses) || addresses.length === 0) throw notFound(hostname, '`resolve` knows no address of it');
  for (const address of addresses) {
    if (typeof address !== 'string' || parseAddress(address) === null) {
      throw notFound(hostname, `\`resolve\` answered '${String(address)}', which is no IP address`);
    }
  }
  return addresses;
}

function notFound(hostname: string, why: string, cause?: unknown): SocketError {
  return new SocketError('ENOTFOUND', `getaddrinfo ENOTFOUND ${hostname}: ${why}`, {
    syscall: 'getaddrinfo',
    hostname,
    cause,
  });
}

function split(address: string): HostPort {
  const [, hostname, port] = /^(\[[^\]]*\]|[^:]*):(\d{1,5})$/.exec(address) ?? [];
  if (hostname === undefined || port === undefined) {
    throw badArgument('address', address, "a hostname, a colon and a port, with IPv6 in brackets: '[::1]:80'");
  }
  return { hostname: checkHost('hostname', hostname), port: checkPort('port', Number(port), 1) };
}
