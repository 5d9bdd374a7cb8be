/**
 * Owns: paths, that is what is known about the way from one of our addresses to a remote one: interface, next hop, path
 * MTU (RFC 1191, RFC 8201), fragment identification (RFC 6864, RFC 7739). A bounded cache: the least recently asked for
 * is forgotten; whoever holds a `Path` may go on using it.
 *
 * The path MTU is kept for each (remote, local) pair. It is the transport's business to believe a 'packet-too-big'
 * (RFC 5927 7.2: after comparing the quoted sequence number) and to report it by `packetTooBig`.
 */

import type { TableHash } from '../base/siphash.ts';
import {
  type Address,
  ANY4,
  ANY6,
  isLimitedBroadcast,
  isLinkLocal,
  isLoopback,
  isMulticast,
  isUnspecified,
  sameAddress,
} from '../wire/address.ts';
import type { Interface } from './interface.ts';
import { mixAddress, tableHash } from './keys.ts';
import type { Neighbour } from './neighbours.ts';
import { selectSource } from './source.ts';
import type { Stack } from './stack.ts';

/** Smallest IPv6 path MTU (RFC 8200 5, RFC 8201 4). */
export const MIN_PMTU6 = 1280;

/** The way from `local` to `remote`. */
export class Path {
  /** Our address; 0.0.0.0 or :: on the paths of forwarded packets. */
  readonly local: Address;
  readonly remote: Address;
  /** The interface it leaves by. */
  iface: Interface;
  /** `remote` itself, or the router. */
  nextHop: Address;
  /** Path MTU in octets: the interface's or the route's, or less where an ICMP error said so. */
  mtu: number;
  /** What the route allows, Infinity for as much as the interface. */
  routeMtu: number = Infinity;
  /** The remote address is a broadcast or multicast one. */
  broadcast = false;
  /** There is a route. False means that packets sent here are dropped as 'ip-no-route' until there is one again. */
  valid = true;
  /** The IP version, 4 or 6. */
  readonly family: 4 | 6;

  // The rest belongs to the stack.
  /** When the path MTU is tried again, ms; Infinity where it is the interface's. */
  pmtuExpires: number = Infinity;
  /** Which state of routes and addresses it was made from. */
  generation: number;
  /** The next hop's entry, once there is one. */
  neighbour: Neighbour | null = null;
  /** Next IPv4 identification or IPv6 fragment identification, a counter of this path alone. */
  nextId: number;
  readonly hash: number;
  chain: Path | null = null;
  older: Path | null = null;
  newer: Path | null = null;

  constructor(local: Address, remote: Address, iface: Interface, nextHop: Address, hash: number, firstId: number) {
    this.local = local;
    this.remote = remote;
    this.family = remote.family;
    this.iface = iface;
    this.nextHop = nextHop;
    this.mtu = iface.mtu;
    this.hash = hash;
    this.nextId = firstId;
    this.generation = -1;
  }
}

export type PathResult = Path | 'no-route' | 'no-source';

/** Where a packet goes next. */
class Hop {
  iface: Interface | null = null;
  nextHop: Address = ANY4;
  /** What the route allows. */
  mtu: number = Infinity;
}

/** Octets of the largest packet that leaves this host by the path. */
function fullMtu(path: Path): number {
  return Math.min(path.iface.mtu, path.routeMtu);
}

export class Paths {
  readonly #stack: Stack;
  readonly #hash: TableHash;
  /** As many as there are paths, or more: most hosts know few. */
  #buckets: (Path | null)[] = new Array<Path | null>(16).fill(null);
  #mask = 15;
  readonly #hop: Hop = new Hop();
  #oldest: Path | null = null;
  #newest: Path | null = null;
  #generation = 0;
  /** Paths in the cache. */
  size = 0;

  constructor(stack: Stack) {
    this.#stack = stack;
    this.#hash = tableHash(stack.secret, 'pathTable');
  }

  /** Routes, addresses or interfaces have changed: every path is looked up again before its next use. */
  invalidate(): void {
    this.#generation++;
  }

  /**
   * The path to `remote`, from `local` or, where that is null, from the address that RFC 6724 chooses.
   *
   * @returns 'no-route', or 'no-source': `local` is not ours, or there is no address to send from
   */
  find(remote: Address, local: Address | null): PathResult {
    if (local === null || isUnspecified(local)) {
      if (!this.#route(remote, null)) return 'no-route';
      const { iface, nextHop } = this.#hop;
      if (iface!.loopback) local = remote;
      else local = selectSource(remote, nextHop, iface!, this.#stack.interfaces());
      if (local === null) return 'no-source';
    } else if (local.family !== remote.family) {
      return 'no-source';
    }
    return this.#get(remote, local, false);
  }

  /** The path of packets for `remote` that are not ours. */
  transit(remote: Address): Path | 'no-route' {
    const path = this.#get(remote, remote.family === 4 ? ANY4 : ANY6, true);
    return path === 'no-source' ? 'no-route' : path;
  }

  /** Brings a path up to date if routes have changed. @returns whether it can be used */
  refresh(path: Path): boolean {
    if (path.generation === this.#generation) return path.valid;
    path.generation = this.#generation;
    path.neighbour = null;
    const transit = isUnspecified(path.local);
    path.valid = (transit || this.#stack.isLocal(path.local)) && this.#route(path.remote, transit ? null : path.local);
    if (!path.valid) return false;
    const iface = this.#hop.iface!;
    if (iface !== path.iface || this.#hop.mtu !== path.routeMtu) path.pmtuExpires = Infinity;
    path.iface = iface;
    path.routeMtu = this.#hop.mtu;
    if (path.pmtuExpires === Infinity) path.mtu = fullMtu(path);
    path.nextHop = this.#hop.nextHop;
    path.broadcast =
      isMulticast(path.remote) || isLimitedBroadcast(path.remote) || iface.isDirectedBroadcast(path.remote);
    return true;
  }

  /**
   * A believed 'packet-too-big': lowers the path MTU to `mtu` octets, but not below the configured minimum (IPv4) or
   * 1280 (IPv6), for `config.ip.pmtuAge` ms. Larger values than the present one are ignored (RFC 1191 3, RFC 8201 4).
   *
   * @returns whether `path.mtu` became smaller
   */
  packetTooBig(path: Path, mtu: number): boolean {
    const floor = path.family === 4 ? this.#stack.config.ip.minPmtu4 : MIN_PMTU6;
    const believed = Math.max(mtu, Math.min(floor, path.iface.mtu));
    if (believed >= path.mtu) return false;
    path.mtu = believed;
    path.pmtuExpires = this.#stack.scheduler.now + this.#stack.config.ip.pmtuAge;
    return true;
  }

  /** Forgets a path MTU that is older than `config.ip.pmtuAge` (RFC 1191 6.3). Called when the path is used. */
  age(path: Path, now: number): void {
    if (now < path.pmtuExpires) return;
    path.pmtuExpires = Infinity;
    path.mtu = fullMtu(path);
  }

  /** Upper layers heard from the remote host (RFC 4861 7.3.1): the next hop is alive. */
  confirm(path: Path): void {
    if (path.neighbour !== null) path.iface.neighbours?.confirm(path.neighbour);
  }

  /** Upper layers send and send again and hear nothing (RFC 9293 3.8.3 R1): the next hop may be dead. */
  doubt(path: Path): void {
    if (path.neighbour !== null) path.iface.neighbours?.doubt(path.neighbour);
  }

  #get(remote: Address, local: Address, transit: boolean): PathResult {
    const hash = mixAddress(mixAddress(this.#hash.start(), remote), local).finish();
    let path: Path | null = this.#buckets[hash & this.#mask]!;
    while (
      path !== null &&
      !(path.hash === hash && sameAddress(path.remote, remote) && sameAddress(path.local, local))
    ) {
      path = path.chain;
    }
    if (path !== null) {
      if (this.#newest !== path) {
        this.#unlink(path);
        this.#append(path);
      }
      if (!this.refresh(path)) return 'no-route';
      if (path.pmtuExpires !== Infinity) this.age(path, this.#stack.scheduler.now);
      return path;
    }
    if (!transit && !this.#stack.isLocal(local)) return 'no-source';
    if (!this.#route(remote, transit ? null : local)) return 'no-route';
    const { iface, nextHop } = this.#hop;
    // 127/8 and ::1 never leave the host (RFC 1122 3.2.1.3 (g)).
    if (isLoopback(local) && !iface!.loopback) return 'no-source';
    const target = remote.clone();
    const next = sameAddress(nextHop, remote) ? target : nextHop;
    path = new Path(local.clone(), target, iface!, next, hash, this.#stack.random.uint32());
    this.refresh(path);
    this.#insert(path);
    return path;
  }

  /** Fills `#hop` for `remote`; a link-local or group destination leaves by the interface that owns `local`. */
  #route(remote: Address, local: Address | null): boolean {
    const stack = this.#stack;
    const hop = this.#hop;
    if (isUnspecified(remote)) return false;
    hop.mtu = Infinity;
    if (isLoopback(remote) || stack.isLocal(remote)) {
      hop.iface = stack.loopback;
      hop.nextHop = remote;
      return true;
    }
    const group = isLimitedBroadcast(remote) || isMulticast(remote);
    const only = local !== null && (group || isLinkLocal(remote) || isLinkLocal(local)) ? stack.ownerOf(local) : null;
    const route = stack.routeTable.lookup(remote, only);
    const connected = this.#connected(remote, only, route === null ? -1 : route.destination.length);
    if (connected !== null) {
      hop.iface = connected;
      hop.nextHop = remote;
      return true;
    }
    if (route !== null && !(group && route.via !== null)) {
      hop.iface = route.iface;
      hop.nextHop = route.via ?? remote;
      hop.mtu = route.mtu;
      return true;
    }
    if (!group) return false;
    hop.iface = only ?? route?.iface ?? stack.interfaces().find((i) => usable(i, remote.family)) ?? null;
    hop.nextHop = remote;
    return hop.iface !== null && !hop.iface.loopback;
  }

  /** The interface with an own network that contains `remote` and whose prefix is no shorter than `length`. */
  #connected(remote: Address, only: Interface | null, length: number): Interface | null {
    let found: Interface | null = null;
    let longest = length - 1;
    for (const iface of this.#stack.interfaces()) {
      if (!iface.up || iface.loopback || (only !== null && iface !== only)) continue;
      for (const { prefix } of iface.addresses) {
        if (prefix.length <= longest || !prefix.contains(remote)) continue;
        found = iface;
        longest = prefix.length;
      }
    }
    return found;
  }

  #insert(path: Path): void {
    if (this.size >= this.#stack.config.ip.maxPaths && this.#oldest !== null) this.#forget(this.#oldest);
    if (this.size === this.#buckets.length) this.#grow();
    this.#chain(path);
    this.#append(path);
    this.size++;
  }

  #chain(path: Path): void {
    const slot = path.hash & this.#mask;
    path.chain = this.#buckets[slot]!;
    this.#buckets[slot] = path;
  }

  #grow(): void {
    this.#buckets = new Array<Path | null>(this.#buckets.length * 2).fill(null);
    this.#mask = this.#buckets.length - 1;
    for (let path = this.#oldest; path !== null; path = path.newer) this.#chain(path);
  }

  #forget(path: Path): void {
    this.#unlink(path);
    const slot = path.hash & this.#mask;
    let at: Path | null = this.#buckets[slot]!;
    if (at === path) {
      this.#buckets[slot] = path.chain;
    } else {
      while (at !== null && at.chain !== path) at = at.chain;
      if (at !== null) at.chain = path.chain;
    }
    path.chain = null;
    this.size--;
  }

  #append(path: Path): void {
    path.older = this.#newest;
    path.newer = null;
    if (this.#newest === null) this.#oldest = path;
    else this.#newest.newer = path;
    this.#newest = path;
  }

  #unlink(path: Path): void {
    if (path.older === null) this.#oldest = path.newer;
    else path.older.newer = path.newer;
    if (path.newer === null) this.#newest = path.older;
    else path.newer.older = path.older;
  }
}

function usable(iface: Interface, family: 4 | 6): boolean {
  return iface.up && !iface.loopback && iface.addresses.some((a) => a.address.family === family);
}
