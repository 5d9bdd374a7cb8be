/**
 * Owns: which way a destination is reached: longest prefix first, then the smallest metric (RFC 1122 3.3.1,
 * RFC 1812 5.2.4.3). Networks of the interfaces' own addresses are on-link without being entered here.
 */

import { type Address, formatAddress, formatPrefix, networkOf, Prefix, sameAddress } from '../wire/address.ts';
import { TsynError } from './errors.ts';
import type { Interface } from './interface.ts';

/** One route. */
export interface Route {
  readonly destination: Prefix;
  /** The router; null where the destination is on the link itself. */
  readonly via: Address | null;
  readonly iface: Interface;
  /** Smaller is better among routes of one prefix. */
  readonly metric: number;
  /** Octets of the largest packet that takes it; Infinity for what the interface allows. */
  readonly mtu: number;
}

export class RouteTable {
  /** Longest prefix first, then smallest metric: the first that matches is the one. */
  readonly #v4: Route[] = [];
  readonly #v6: Route[] = [];
  readonly #limit: number;
  /** Called before each look-up: whoever works routes out on demand brings them up to date here. */
  beforeLookup: (() => void) | null = null;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @throws TsynError EEXIST, ENOSPC (config.ip.maxRoutes) */
  add(route: Route): void {
    const destination = new Prefix(networkOf(route.destination), route.destination.length);
    const entry: Route = { ...route, destination };
    const table = destination.address.family === 4 ? this.#v4 : this.#v6;
    if (table.some((r) => sameRoute(r, entry))) {
      throw new TsynError('EEXIST', `there is a route to ${formatPrefix(destination)} already`);
    }
    if (this.#v4.length + this.#v6.length >= this.#limit) {
      throw new TsynError('ENOSPC', 'there are config.ip.maxRoutes routes already');
    }
    let at = 0;
    while (at < table.length && !better(entry, table[at]!)) at++;
    table.splice(at, 0, entry);
  }

  /** Removes the routes for which `gone` holds. @returns how many */
  remove(gone: (route: Route) => boolean): number {
    let removed = 0;
    for (const table of [this.#v4, this.#v6]) {
      for (let i = table.length - 1; i >= 0; i--) {
        if (!gone(table[i]!)) continue;
        table.splice(i, 1);
        removed++;
      }
    }
    return removed;
  }

  /** The best route to `remote` over an interface that is up, and over `only` where that is given. */
  lookup(remote: Address, only: Interface | null): Route | null {
    if (this.beforeLookup !== null) this.beforeLookup();
    const table = remote.family === 4 ? this.#v4 : this.#v6;
    for (let i = 0; i < table.length; i++) {
      const route = table[i]!;
      if (!route.iface.up || (only !== null && route.iface !== only)) continue;
      if (route.destination.contains(remote)) return route;
    }
    return null;
  }

  list(): readonly Route[] {
    return [...this.#v4, ...this.#v6];
  }
}

function better(a: Route, b: Route): boolean {
  if (a.destination.length !== b.destination.length) return a.destination.length > b.destination.length;
  return a.metric < b.metric;
}

function sameRoute(a: Route, b: Route): boolean {
  return (
    a.destination.length === b.destination.length &&
    sameAddress(a.destination.address, b.destination.address) &&
    a.metric === b.metric &&
    a.iface === b.iface
  );
}

/** `10.0.0.0/8 via 192.0.2.1 dev eth0 metric 0`, as `ip route` words it. */
export function formatRoute(route: Route): string {
  const via = route.via === null ? '' : ` via ${formatAddress(route.via)}`;
  const mtu = route.mtu === Infinity ? '' : ` mtu ${route.mtu}`;
  return `${formatPrefix(route.destination)}${via} dev ${route.iface.name} metric ${route.metric}${mtu}`;
}
