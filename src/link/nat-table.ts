/**
 * Owns: the mappings of a NAT: which port of the outside address stands for which endpoint inside, whoever that speaks to
 * (endpoint-independent mapping, RFC 4787 4.1), and for how long. Leaves to others: packets (`nat.ts`).
 */

import { below, type Random } from '../base/random.ts';
import { PROTO_ICMP, PROTO_TCP, PROTO_UDP } from '../wire/ipv4.ts';
import { FIN, RST, SYN } from '../wire/tcp.ts';

/** How long a mapping that nothing uses is kept, ms, and how many there are at most. */
export interface NatLimits {
  /** Of a TCP connection: 7,440,000, two hours and four minutes (RFC 5382 5, REQ-5). */
  readonly tcpIdle: number;
  /** Of one that is being opened, or has closed: 240,000 (likewise). */
  readonly tcpTransitory: number;
  /** 300,000 (RFC 4787 4.3, REQ-5). */
  readonly udpIdle: number;
  /** Of echo requests: 60,000 (RFC 5508 3.2, REQ-2). */
  readonly icmpIdle: number;
  /** 16,384. What would need one more is dropped. */
  readonly maxMappings: number;
}

export const DEFAULT_NAT_LIMITS: NatLimits = {
  tcpIdle: 7_440_000,
  tcpTransitory: 240_000,
  udpIdle: 300_000,
  icmpIdle: 60_000,
  maxMappings: 16_384,
};

export interface Mapping {
  readonly protocol: number;
  /** The IPv4 address inside, as a word; and the port, or the identifier of echo requests. */
  readonly address: number;
  readonly port: number;
  /** What stands for it outside. */
  readonly outside: number;
  /** When it was used last, ms. */
  used: number;
  /** TCP: which directions something else than a SYN has passed in, and in which a FIN: 1 outwards, 2 inwards. */
  open: number;
  closed: number;
}

const OUTWARDS = 1;
const INWARDS = 2;
/** Ports below are not given out in the place of others. */
const FIRST_PORT = 1024;

export class NatTable {
  readonly #limits: NatLimits;
  readonly #random: Random;
  readonly #inside: Map<number, Mapping> = new Map();
  readonly #outside: Map<number, Mapping> = new Map();
  /** Ports that stood for somebody before they were forgotten: not given out again. */
  #worn: Set<number> = new Set();

  constructor(limits: NatLimits, random: Random) {
    this.#limits = limits;
    this.#random = random;
  }

  /** Mappings, those that are idle for too long and not yet cleared away included. */
  get size(): number {
    return this.#inside.size;
  }

  get mappings(): IterableIterator<Mapping> {
    return this.#inside.values();
  }

  /** The mapping of an endpoint inside, made if there is none; null when there is no room or port for one. */
  outward(protocol: number, address: number, port: number, now: number): Mapping | null {
    const known = this.#live(this.#inside.get(insideKey(protocol, address, port)), now);
    return known ?? this.#make(protocol, address, port, now);
  }

  /** Whose a port of the outside address is; null when it is nobody's. */
  inward(protocol: number, outside: number, now: number): Mapping | null {
    return this.#live(this.#outside.get(outsideKey(protocol, outside)), now);
  }

  /** The mapping of an endpoint inside, if there is one. */
  find(protocol: number, address: number, port: number, now: number): Mapping | null {
    return this.#live(this.#inside.get(insideKey(protocol, address, port)), now);
  }

  /** A packet has passed. @param flags of TCP */
  used(mapping: Mapping, now: number, outwards: boolean, flags: number): void {
    mapping.used = now;
    if (mapping.protocol !== PROTO_TCP) return;
    const way = outwards ? OUTWARDS : INWARDS;
    if (flags & SYN) mapping.closed = 0;
    else mapping.open |= way;
    if (flags & FIN) mapping.closed |= way;
    if (flags & RST) mapping.closed = OUTWARDS | INWARDS;
  }

  /** Forgets everything. Who comes again gets another port than before. */
  forget(): void {
    this.#worn = new Set(this.#outside.keys());
    this.#inside.clear();
    this.#outside.clear();
  }

  #live(mapping: Mapping | undefined, now: number): Mapping | null {
    if (mapping === undefined) return null;
    if (now - mapping.used <= this.#idle(mapping)) return mapping;
    this.#remove(mapping);
    return null;
  }

  #idle(mapping: Mapping): number {
    const { tcpIdle, tcpTransitory, udpIdle, icmpIdle } = this.#limits;
    if (mapping.protocol === PROTO_UDP) return udpIdle;
    if (mapping.protocol === PROTO_ICMP) return icmpIdle;
    const both = OUTWARDS | INWARDS;
    return mapping.open === both && mapping.closed !== both ? tcpIdle : tcpTransitory;
  }

  #make(protocol: number, address: number, port: number, now: number): Mapping | null {
    if (this.#inside.size >= this.#limits.maxMappings) {
      for (const mapping of [...this.#inside.values()]) this.#live(mapping, now);
      if (this.#inside.size >= this.#limits.maxMappings) return null;
    }
    const outside = this.#choose(protocol, port, now);
    if (outside < 0) return null;
    const mapping = { protocol, address, port, outside, used: now, open: 0, closed: 0 };
    this.#inside.set(insideKey(protocol, address, port), mapping);
    this.#outside.set(outsideKey(protocol, outside), mapping);
    return mapping;
  }

  /** The same port outside as inside where that is free (RFC 4787 4.2.1), or some other one; -1 when none is. */
  #choose(protocol: number, port: number, now: number): number {
    if (this.#isFree(protocol, port, now)) return port;
    const count = 65_536 - FIRST_PORT;
    const start = below(this.#random, count);
    for (let i = 0; i < count; i++) {
      const candidate = FIRST_PORT + ((start + i) % count);
      if (this.#isFree(protocol, candidate, now)) return candidate;
    }
    return -1;
  }

  #isFree(protocol: number, outside: number, now: number): boolean {
    const key = outsideKey(protocol, outside);
    return !this.#worn.has(key) && this.#live(this.#outside.get(key), now) === null;
  }

  #remove(mapping: Mapping): void {
    const { protocol, address, port, outside } = mapping;
    this.#inside.delete(insideKey(protocol, address, port));
    this.#outside.delete(outsideKey(protocol, outside));
  }
}

/** Exact in a double: of protocols there are three. */
function insideKey(protocol: number, address: number, port: number): number {
  const index = protocol === PROTO_TCP ? 0 : protocol === PROTO_UDP ? 1 : 2;
  return (index * 4_294_967_296 + (address >>> 0)) * 65_536 + port;
}

function outsideKey(protocol: number, outside: number): number {
  return protocol * 65_536 + outside;
}
