/**
 * Owns: the neighbour cache of one Ethernet interface, for ARP and Neighbor Discovery alike: the states of RFC 4861 7.3,
 * the packets that wait for a resolution, and the bounds on all of it (RFC 6583, RFC 1122 2.3.2).
 *
 * Bounds and policies: at `maxEntries` the entry that was used for sending longest ago gives way, one that was never
 * used before any other, so that a flood of strangers does not push out a peer. At `maxIncomplete` the oldest unanswered
 * resolution gives way. One deadline task serves the whole cache.
 *
 * States: incomplete (asked everybody, packets wait) -> reachable (confirmed lately) -> stale (not lately; the first use
 * starts delay) -> delay (time for upper layers to confirm) -> probe (the neighbour itself is asked) -> gone.
 */

import { unit } from '../base/random.ts';
import type { Task } from '../base/scheduler.ts';
import type { TableHash } from '../base/siphash.ts';
import type { Packet } from '../link/packet.ts';
import { type Address, isLimitedBroadcast, isMulticast, sameAddress } from '../wire/address.ts';
import { BROADCAST_MAC, ETHERTYPE_IPV4, ETHERTYPE_IPV6, Mac, multicastMac, sameMac } from '../wire/ethernet.ts';
import type { NeighbourConfig } from './config.ts';
import type { DropReason } from './counters.ts';
import type { Interface } from './interface.ts';
import { mixAddress, tableHash } from './keys.ts';
import type { Path } from './paths.ts';
import type { Stack } from './stack.ts';
import { TokenBucket } from './token-bucket.ts';

/** 'group': broadcast and multicast, never resolved, not in the cache. 'gone': no longer in the cache. */
export type NeighbourState = 'incomplete' | 'reachable' | 'stale' | 'delay' | 'probe' | 'group' | 'gone';

/** One entry. */
export class Neighbour {
  readonly address: Address;
  readonly mac: Mac;
  state: NeighbourState = 'incomplete';
  /** When something is due in 'incomplete', 'delay' and 'probe', ms. */
  deadline: number = Infinity;
  /** Solicitations sent in this state. */
  asked = 0;
  /** End of 'reachable', ms. */
  reachableUntil = 0;
  /** Last time something was sent to it, ms; -1 never. */
  lastUsed: number = -1;
  readonly created: number;
  /** Packets that wait for the resolution, oldest first. */
  readonly pending: Packet[] = [];
  readonly hash: number;
  chain: Neighbour | null = null;
  /** Place in the list of entries. */
  index: number = -1;

  constructor(address: Address, mac: Mac, hash: number, now: number) {
    this.address = address;
    this.mac = mac;
    this.hash = hash;
    this.created = now;
  }
}

/** Remembers when what was last asked for, so that neither failure nor eviction makes us ask twice a second. */
const ASKED_SLOTS = 256;

export class NeighbourCache implements Task {
  at: number = Infinity;
  order = 0;
  slot: number = -1;
  readonly #stack: Stack;
  readonly #iface: Interface;
  readonly #config: NeighbourConfig;
  readonly #hash: TableHash;
  readonly #buckets: (Neighbour | null)[];
  readonly #mask: number;
  readonly #entries: Neighbour[] = [];
  readonly #askedHash: Uint32Array = new Uint32Array(ASKED_SLOTS);
  readonly #askedAt: Float64Array = new Float64Array(ASKED_SLOTS).fill(-Infinity);
  readonly #limit: TokenBucket;
  #incomplete = 0;
  #pendingBytes = 0;
  #lastDefence: number = -Infinity;

  constructor(stack: Stack, iface: Interface) {
    this.#stack = stack;
    this.#iface = iface;
    this.#config = stack.config.neighbours;
    this.#hash = tableHash(stack.secret, 'neighbourTable');
    let buckets = 16;
    while (buckets < this.#config.maxEntries) buckets *= 2;
    this.#buckets = new Array<Neighbour | null>(buckets).fill(null);
    this.#mask = buckets - 1;
    this.#limit = new TokenBucket(this.#config.solicitRate, this.#config.solicitRate);
  }

  get size(): number {
    return this.#entries.length;
  }

  /** Entries being resolved. */
  get incomplete(): number {
    return this.#incomplete;
  }

  /** Octets of buffers that wait. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** The entries now, for showing. */
  list(): readonly Neighbour[] {
    return [...this.#entries];
  }

  lookup(address: Address): Neighbour | null {
    const hash = mixAddress(this.#hash.start(), address).finish();
    return this.#find(address, hash);
  }

  /** Sends an IP packet to the path's next hop, now or once that is resolved. */
  send(packet: Packet, path: Path): void {
    let n = path.neighbour;
    if (n === null || n.state === 'gone') {
      n = this.#forSending(path.nextHop);
      path.neighbour = n;
    }
    this.sendTo(packet, n);
  }

  /** Sends an IP packet to a neighbour, now or once it is resolved. */
  sendTo(packet: Packet, n: Neighbour): void {
    const now = this.#stack.scheduler.now;
    n.lastUsed = now;
    if (n.state === 'incomplete') {
      this.#wait(packet, n);
      return;
    }
    if (n.state === 'reachable' && now >= n.reachableUntil) n.state = 'stale';
    if (n.state === 'stale') {
      n.state = 'delay';
      this.#due(n, now + this.#config.delayFirstProbeTime);
    }
    this.#frame(packet, n.mac);
  }

  /** An entry to send to `address` (multicast and broadcast included). */
  #forSending(address: Address): Neighbour {
    const now = this.#stack.scheduler.now;
    const mac = groupMac(address, this.#iface);
    if (mac !== null) {
      const group = new Neighbour(address.clone(), mac, 0, now);
      group.state = 'group';
      return group;
    }
    const hash = mixAddress(this.#hash.start(), address).finish();
    const known = this.#find(address, hash);
    if (known !== null) return known;
    if (this.#incomplete >= this.#config.maxIncomplete) this.#evictIncomplete();
    const n = this.#add(address, new Mac(), hash, now);
    this.#incomplete++;
    n.lastUsed = now;
    this.#ask(n, now);
    return n;
  }

  /** A reply to our question for `address`. @returns false where nobody asked: nothing was learned then */
  answered(address: Address, mac: Mac): boolean {
    const n = this.lookup(address);
    if (n === null) return false;
    // A probe went to the address we know: only the same one can answer it.
    if (n.state === 'incomplete') this.#setMac(n, mac);
    else if (n.state !== 'probe' || !sameMac(n.mac, mac)) {
      this.#contradicted(n, mac);
      return false;
    }
    this.#reachable(n);
    return true;
  }

  /**
   * The neighbour itself spoke (an ARP request, a neighbour solicitation with its address).
   *
   * @param create whether a stranger gets an entry
   */
  heard(address: Address, mac: Mac, create: boolean): void {
    const hash = mixAddress(this.#hash.start(), address).finish();
    const n = this.#find(address, hash);
    if (n === null) {
      if (!create) return;
      const added = this.#add(address, new Mac(mac.hi, mac.lo), hash, this.#stack.scheduler.now);
      added.state = 'stale';
      return;
    }
    if (n.state !== 'incomplete' && sameMac(n.mac, mac)) return;
    this.#setMac(n, mac);
    this.#stale(n);
  }

  /**
   * A neighbour advertisement (RFC 4861 7.2.5). It counts as solicited only where a solicitation of ours is out.
   *
   * @param mac null where it did not say
   * @returns false where nothing was learned
   */
  advertised(address: Address, mac: Mac | null, solicited: boolean, override: boolean): boolean {
    const n = this.lookup(address);
    if (n === null) return false;
    const asked = n.state === 'incomplete' || n.state === 'probe';
    if (n.state === 'incomplete') {
      if (mac === null) return false;
      this.#setMac(n, mac);
      if (solicited) this.#reachable(n);
      else this.#stale(n);
      return true;
    }
    const differs = mac !== null && !sameMac(n.mac, mac);
    if (differs && !override) {
      if (n.state === 'reachable') this.#stale(n);
      return false;
    }
    if (differs) this.#setMac(n, mac);
    if (solicited && asked) this.#reachable(n);
    else if (differs) this.#stale(n);
    return true;
  }

  /** Upper layers heard from it (RFC 4861 7.3.1). */
  confirm(n: Neighbour): void {
    if (n.state !== 'incomplete' && n.state !== 'group' && n.state !== 'gone') this.#reachable(n);
  }

  /** Upper layers hear nothing from it any more (RFC 9293 3.8.3 R1, RFC 1122 3.3.1.4): it is asked whether it lives. */
  doubt(n: Neighbour): void {
    // Waiting for a sign of life ('delay') has no point any more: the sign was that there is none.
    if (n.state !== 'reachable' && n.state !== 'stale' && n.state !== 'delay') return;
    n.state = 'delay';
    this.#due(n, this.#stack.scheduler.now);
  }

  /** Whether DEFEND_INTERVAL has passed since the last defence (RFC 5227 2.4); if so, this is the next. */
  mayDefend(): boolean {
    const now = this.#stack.scheduler.now;
    if (now - this.#lastDefence < this.#config.defendInterval) return false;
    this.#lastDefence = now;
    return true;
  }

  /** Forgets every neighbour and drops what waits. */
  flush(): void {
    while (this.#entries.length > 0) this.#remove(this.#entries[this.#entries.length - 1]!, 'neighbour-flushed');
    this.#stack.scheduler.cancel(this);
  }

  close(): void {
    this.flush();
  }

  /** Does what is due for any entry, and looks for the next thing that will be. */
  run(now: number): void {
    const entries = this.#entries;
    let next = Infinity;
    for (let i = entries.length - 1; i >= 0; i--) {
      // A failure tells transports, which may send: entries may come and go meanwhile.
      const n = entries[i];
      if (n === undefined) continue;
      if (n.deadline <= now) this.#overdue(n, now);
      else if (idleSince(n) + this.#config.staleAge <= now && n.pending.length === 0)
        this.#remove(n, 'neighbour-flushed');
      if (n.state !== 'gone') next = Math.min(next, n.deadline, this.#forgetAt(n, now));
    }
    if (next < this.at) this.#stack.scheduler.schedule(this, next);
  }

  #forgetAt(n: Neighbour, now: number): number {
    return Math.max(idleSince(n) + this.#config.staleAge, now + 1000);
  }

  #overdue(n: Neighbour, now: number): void {
    n.deadline = Infinity;
    if (n.state === 'delay') {
      n.state = 'probe';
      n.asked = 0;
    }
    if (n.state === 'incomplete') {
      if (n.asked < this.#config.maxMulticastSolicit) this.#ask(n, now);
      else this.#fail(n);
    } else if (n.state === 'probe') {
      if (n.asked < this.#config.maxUnicastSolicit) this.#ask(n, now);
      else this.#remove(n, 'neighbour-flushed');
    }
  }

  /** Asks for `n`, if that may be now, and makes the appointment to look again. */
  #ask(n: Neighbour, now: number): void {
    const slot = n.hash & (ASKED_SLOTS - 1);
    const last = this.#askedHash[slot] === n.hash ? this.#askedAt[slot]! : -Infinity;
    // Compared as the appointment is computed: with fractions of a millisecond `now - last` can fall short of it for ever.
    if (now < last + this.#config.retransTimer) {
      this.#due(n, last + this.#config.retransTimer);
      return;
    }
    n.asked++;
    this.#due(n, now + this.#config.retransTimer);
    if (!this.#limit.take(now)) {
      this.#stack.mib.NeighbourSolicitRateLimit++;
      return;
    }
    this.#askedHash[slot] = n.hash;
    this.#askedAt[slot] = now;
    const known = n.state === 'probe' ? n.mac : null;
    if (n.address.family === 4) this.#stack.ethernet.arp.request(this.#iface, n.address, known);
    else this.#stack.icmpv6.nd.solicit(this.#iface, n.address, known);
  }

  /** Nobody answered: what waits is dropped, and whoever sent it told (RFC 4861 7.2.2, RFC 1122 2.3.2.2). */
  #fail(n: Neighbour): void {
    this.#stack.mib.NeighbourFailures++;
    const waiting = n.pending.splice(0);
    for (const packet of waiting) this.#pendingBytes -= packet.buf.length;
    this.#remove(n, 'neighbour-unreachable');
    for (const packet of waiting) {
      this.#stack.ip.unreachable.host(packet, this.#iface);
      this.#stack.drop('neighbour-unreachable', packet);
    }
  }

  /** A reply that nobody asked for names another hardware address: we do not believe it, but ask the one we know. */
  #contradicted(n: Neighbour, mac: Mac): void {
    if (n.state === 'probe' || sameMac(n.mac, mac)) return;
    n.state = 'probe';
    n.asked = 0;
    this.#ask(n, this.#stack.scheduler.now);
  }

  #reachable(n: Neighbour): void {
    if (n.state === 'incomplete') this.#incomplete--;
    n.state = 'reachable';
    n.deadline = Infinity;
    const { random, scheduler } = this.#stack;
    n.reachableUntil = scheduler.now + this.#config.reachableTime * (0.5 + unit(random));
    this.#flushPending(n);
  }

  #stale(n: Neighbour): void {
    if (n.state === 'incomplete') this.#incomplete--;
    n.state = 'stale';
    n.deadline = Infinity;
    this.#flushPending(n);
  }

  #setMac(n: Neighbour, mac: Mac): void {
    n.mac.hi = mac.hi;
    n.mac.lo = mac.lo;
  }

  #flushPending(n: Neighbour): void {
    if (n.pending.length === 0) return;
    const waiting = n.pending.splice(0);
    for (const packet of waiting) {
      this.#pendingBytes -= packet.buf.length;
      this.sendTo(packet, n);
    }
  }

  #wait(packet: Packet, n: Neighbour): void {
    const { maxPendingPackets, maxPendingBytes } = this.#config;
    if (n.pending.length >= maxPendingPackets) this.#dropOldest(n);
    while (this.#pendingBytes + packet.buf.length > maxPendingBytes) {
      const victim = this.#oldestWaiting();
      if (victim === null) {
        this.#stack.drop('neighbour-queue-full', packet);
        return;
      }
      this.#dropOldest(victim);
    }
    n.pending.push(packet);
    this.#pendingBytes += packet.buf.length;
  }

  #dropOldest(n: Neighbour): void {
    const packet = n.pending.shift()!;
    this.#pendingBytes -= packet.buf.length;
    this.#stack.drop('neighbour-queue-full', packet);
  }

  #oldestWaiting(): Neighbour | null {
    let oldest: Neighbour | null = null;
    for (const n of this.#entries) {
      if (n.pending.length > 0 && (oldest === null || n.created < oldest.created)) oldest = n;
    }
    return oldest;
  }

  #frame(packet: Packet, mac: Mac): void {
    const type = packet.buf[packet.off]! >> 4 === 4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6;
    this.#stack.ethernet.output(packet, this.#iface, mac, type);
  }

  #due(n: Neighbour, at: number): void {
    n.deadline = at;
    if (at < this.at) this.#stack.scheduler.schedule(this, at);
  }

  #find(address: Address, hash: number): Neighbour | null {
    let n: Neighbour | null = this.#buckets[hash & this.#mask]!;
    while (n !== null && !sameAddress(n.address, address)) n = n.chain;
    return n;
  }

  #add(address: Address, mac: Mac, hash: number, now: number): Neighbour {
    if (this.#entries.length >= this.#config.maxEntries) this.#evict();
    const n = new Neighbour(address.clone(), mac, hash, now);
    n.chain = this.#buckets[hash & this.#mask]!;
    this.#buckets[hash & this.#mask] = n;
    n.index = this.#entries.length;
    this.#entries.push(n);
    const forget = now + this.#config.staleAge;
    if (forget < this.at) this.#stack.scheduler.schedule(this, forget);
    return n;
  }

  #evict(): void {
    let victim = this.#entries[0]!;
    for (const n of this.#entries) {
      if (n.lastUsed < victim.lastUsed || (n.lastUsed === victim.lastUsed && n.created < victim.created)) victim = n;
    }
    this.#stack.mib.NeighbourEvictions++;
    this.#remove(victim, 'neighbour-cache-full');
  }

  #evictIncomplete(): void {
    let victim: Neighbour | null = null;
    for (const n of this.#entries) {
      if (n.state === 'incomplete' && (victim === null || n.created < victim.created)) victim = n;
    }
    if (victim === null) return;
    this.#stack.mib.NeighbourEvictions++;
    this.#remove(victim, 'neighbour-cache-full');
  }

  #remove(n: Neighbour, reason: DropReason): void {
    if (n.state === 'incomplete') this.#incomplete--;
    n.state = 'gone';
    n.deadline = Infinity;
    const last = this.#entries.pop()!;
    if (last !== n) {
      this.#entries[n.index] = last;
      last.index = n.index;
    }
    n.index = -1;
    const slot = n.hash & this.#mask;
    let at: Neighbour | null = this.#buckets[slot]!;
    if (at === n) this.#buckets[slot] = n.chain;
    else {
      while (at !== null && at.chain !== n) at = at.chain;
      if (at !== null) at.chain = n.chain;
    }
    n.chain = null;
    for (const packet of n.pending.splice(0)) {
      this.#pendingBytes -= packet.buf.length;
      this.#stack.drop(reason, packet);
    }
  }
}

function idleSince(n: Neighbour): number {
  return Math.max(n.created, n.lastUsed);
}

/** The hardware address of a broadcast or multicast address; null for a unicast one, which has to be resolved. */
function groupMac(address: Address, iface: Interface): Mac | null {
  if (isMulticast(address)) return multicastMac(address);
  return isLimitedBroadcast(address) || iface.isDirectedBroadcast(address) ? BROADCAST_MAC : null;
}
