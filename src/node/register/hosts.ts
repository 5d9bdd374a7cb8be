/** Owns: looking names up in a table first, as systems do with their `hosts` file, and with `dns.lookup` where they are not in it. */

import dns, { type LookupAddress, type LookupOptions } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';

/** @param hosts addresses by names in lower case */
export function lookupIn(hosts: ReadonlyMap<string, readonly string[]>): LookupFunction {
  return (name, options, callback) => {
    const found = (hosts.get(name.toLowerCase()) ?? [])
      .map((address): LookupAddress => ({ address, family: isIP(address) }))
      .filter(({ family }) => isWanted(family, options));
    const [first] = found;
    if (first === undefined) dns.lookup(name, options, callback);
    else if (options.all) process.nextTick(callback, null, found);
    else process.nextTick(callback, null, first.address, first.family);
  };
}

function isWanted(family: number, { family: wanted }: LookupOptions): boolean {
  return !wanted || wanted === family || wanted === `IPv${family}`;
}
