/** Owns: names, for code of a place: `dns.lookup` knows the hosts of its simulation, `os.hostname` the host that it is on. */

import dns, { type LookupAddress } from 'node:dns';
import dnsPromises from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import os from 'node:os';
import type { Patcher } from './patcher.ts';
import { here, type Place } from './place.ts';

type Real = (...args: unknown[]) => unknown;

interface Options {
  readonly family?: number | string;
  readonly all?: boolean;
}

type Callback = (error: Error | null, ...answer: unknown[]) => void;

export function patchNames(patcher: Patcher): void {
  patcher.wrap(dns, { lookup });
  const promises = {
    lookup:
      (real: Real): Real =>
      async (name, options) => {
        const place = here();
        if (place === undefined) return real(name, options);
        const given = optionsOf(options);
        const found = addressesOf(place, name, given);
        return given.all ? found : found[0];
      },
  };
  // `dns.promises` and `node:dns/promises` are one object.
  patcher.wrap(dnsPromises, promises);
  patcher.wrap(os, { hostname: (real: () => string) => () => here()?.name ?? real() });
}

function lookup(real: Real): Real {
  return (name, options, callback) => {
    const place = here();
    if (place === undefined) return real(name, options, callback);
    const [given, done] = typeof options === 'function' ? [undefined, options] : [options, callback];
    lookupAt(place, name, optionsOf(given), done as Callback);
    return {};
  };
}

/** `dns.lookup` on a host of a simulation. */
export function lookupOn(place: Place): LookupFunction {
  return (name, options, callback) => lookupAt(place, name, optionsOf(options), callback as Callback);
}

/** Answers in a tick: there is no server to ask. */
function lookupAt(place: Place, name: unknown, options: Options, done: Callback): void {
  try {
    const found = addressesOf(place, name, options);
    if (options.all) process.nextTick(done, null, found);
    else process.nextTick(done, null, found[0]!.address, found[0]!.family);
  } catch (error) {
    process.nextTick(done, error);
  }
}

function optionsOf(given: unknown): Options {
  if (typeof given === 'number') return { family: given };
  return (given ?? {}) as Options;
}

/** @throws ENOTFOUND */
function addressesOf(place: Place, given: unknown, { family }: Options): LookupAddress[] {
  const name = String(given ?? '') || 'localhost';
  const literal = isIP(name);
  const wanted = Number(String(family ?? 0).replace('IPv', ''));
  const all = literal === 0 ? known(place, name) : [name];
  const found = all.map((address) => ({ address, family: isIP(address) }));
  const fitting = literal !== 0 || wanted === 0 ? found : found.filter((one) => one.family === wanted);
  if (fitting.length > 0) return fitting;
  const error = new Error(`getaddrinfo ENOTFOUND ${name}`);
  throw Object.assign(error, { errno: -3008, code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname: name });
}

function known(place: Place, name: string): readonly string[] {
  const local = /^(.+\.)?localhost\.?$/i.test(name) || name === place.name;
  return local ? ['127.0.0.1', '::1'] : place.surroundings.resolve(name);
}
