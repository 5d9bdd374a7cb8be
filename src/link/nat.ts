/**
 * Owns: a NAT around the link that leads outside (RFC 3022, RFC 4787, RFC 5382, RFC 5508): what leaves has the outside address
 * and a port that stands for its sender, what comes for such a port goes to whom it stands for. TCP, UDP and echo requests of
 * IPv4, and the packets that ICMP errors quote. Checksums are mended by what changed (RFC 1624), so that what was damaged stays so.
 * IPv6 passes as it is. Leaves to others: mappings (`nat-table.ts`), forwarding (`stack/forward.ts`). There is no way from inside
 * to inside by the outside address.
 */

import type { Random } from '../base/random.ts';
import type { Scheduler } from '../base/scheduler.ts';
import type { TraceSink } from '../trace/events.ts';
import type { Address } from '../wire/address.ts';
import { readI32, readU16, writeU16 } from '../wire/bytes.ts';
import { update16 } from '../wire/checksum.ts';
import { ETHERNET_HEADER, ETHERTYPE_IPV4 } from '../wire/ethernet.ts';
import { ICMP_ECHO, ICMP_ECHO_REPLY, ICMP_HEADER, isIcmpError } from '../wire/icmp.ts';
import { IPV4_HEADER, PROTO_ICMP, PROTO_TCP, PROTO_UDP } from '../wire/ipv4.ts';
import type { Link, LinkReceiver, Offload } from './link.ts';
import { type Mapping, type NatLimits, NatTable } from './nat-table.ts';
import type { Packet, PacketPool } from './packet.ts';
import { complete } from './transport.ts';

export interface NatOptions {
  /** The outside address, IPv4. */
  readonly address: Address;
  /** Where ports come from that cannot be kept. */
  readonly random: Random;
  readonly limits: NatLimits;
  /** The NAT's name in traces. */
  readonly name: string;
  readonly trace: TraceSink | null;
}

/** Why a packet did not pass. */
export type NatDrop = 'nat-no-mapping' | 'nat-full' | 'nat-protocol' | 'nat-fragment' | 'nat-truncated';

/** Fragmented datagrams at most whose first fragment is remembered. */
const MAX_FRAGMENTED = 64;

/** Where an Internet checksum is. */
interface Sum {
  readonly at: number;
  /** UDP: 0 says that there is none. */
  readonly optional: boolean;
  /** The checksum that this one is under itself. */
  readonly under: Sum | null;
}

/** An IPv4 packet, or the beginning of one that an error quotes. */
class View {
  /** Where the header is, and the transport header. */
  ip = 0;
  transport = 0;
  /** Octets from the transport header on. */
  length = 0;
  protocol = 0;
  /** Not the first fragment, or not the last. */
  later = false;
  fragment = false;

  /** @returns false when that is no IPv4 header */
  read(buf: Uint8Array, at: number, rest: number): boolean {
    if (rest < IPV4_HEADER || buf[at]! >> 4 !== 4) return false;
    const header = (buf[at]! & 15) << 2;
    if (header < IPV4_HEADER || header > rest) return false;
    const offset = readU16(buf, at + 6);
    this.ip = at;
    this.transport = at + header;
    this.length = rest - header;
    this.protocol = buf[at + 9]!;
    this.later = (offset & 0x1fff) !== 0;
    this.fragment = (offset & 0x3fff) !== 0;
    return true;
  }
}

const SOURCE = 12;
const DESTINATION = 16;

export class NatLink implements Link, LinkReceiver {
  readonly medium: 'ip' | 'ethernet';
  readonly mtu: number;
  readonly offload: Offload;
  readonly table: NatTable;
  /** Packets that did not pass, by reason. */
  readonly drops: Record<NatDrop, number> = {
    'nat-no-mapping': 0,
    'nat-full': 0,
    'nat-protocol': 0,
    'nat-fragment': 0,
    'nat-truncated': 0,
  };
  readonly #inner: Link;
  readonly #scheduler: Scheduler;
  readonly #pool: PacketPool;
  readonly #options: NatOptions;
  /** The outside address as a word. */
  readonly #own: number;
  readonly #view: View = new View();
  readonly #quote: View = new View();
  /** Mappings of datagrams in fragments, by their addresses and identification. */
  readonly #fragmented: Map<string, Mapping> = new Map();
  #receiver: LinkReceiver | null = null;

  constructor(inner: Link, scheduler: Scheduler, pool: PacketPool, options: NatOptions) {
    this.medium = inner.medium;
    this.mtu = inner.mtu;
    this.offload = inner.offload;
    this.table = new NatTable(options.limits, options.random);
    this.#inner = inner;
    this.#scheduler = scheduler;
    this.#pool = pool;
    this.#options = options;
    this.#own = options.address.w3;
  }

  /** Forgets all mappings, as a NAT does that is restarted: what comes later gets other ports. */
  rebind(): void {
    this.table.forget();
    this.#fragmented.clear();
  }

  send(packet: Packet): void {
    complete(packet, this.medium);
    const drop = this.#isIpv4(packet) ? this.#outward(packet) : null;
    if (drop === null) this.#inner.send(packet);
    else this.#drop(packet, drop);
  }

  packet(packet: Packet): void {
    const drop = this.#isIpv4(packet) ? this.#inward(packet) : null;
    if (drop === null) this.#receiver!.packet(packet);
    else this.#drop(packet, drop);
  }

  burstEnd(): void {
    this.#receiver!.burstEnd();
  }

  attach(receiver: LinkReceiver): void {
    this.#receiver = receiver;
    this.#inner.attach(this);
  }

  close(): void {
    this.#inner.close();
  }

  /** Whether there is an IPv4 packet, which `#view` is of then. What else there is passes. */
  #isIpv4(packet: Packet): boolean {
    const { buf, off, len } = packet;
    if (this.medium === 'ip') return this.#view.read(buf, off, len);
    if (len < ETHERNET_HEADER || readU16(buf, off + 12) !== ETHERTYPE_IPV4) return false;
    return this.#view.read(buf, off + ETHERNET_HEADER, len - ETHERNET_HEADER);
  }

  #outward({ buf }: Packet): NatDrop | null {
    const view = this.#view;
    const now = this.#scheduler.now;
    if (view.later) return this.#fragment(buf, SOURCE, this.#own);
    const port = portPlace(buf, view, true);
    if (port === -1) return this.#errorOutward(buf);
    if (port === -2) return 'nat-truncated';
    const mapping = this.table.outward(view.protocol, readI32(buf, view.ip + SOURCE), readU16(buf, port), now);
    if (mapping === null) return 'nat-full';
    this.table.used(mapping, now, true, flagsOf(buf, view));
    if (view.fragment) this.#remember(buf, mapping);
    const sums = sumsOf(buf, view, null);
    changeAddress(buf, view.ip + SOURCE, this.#own, sums.address);
    change(buf, port, mapping.outside, sums.port);
    return null;
  }

  #inward({ buf }: Packet): NatDrop | null {
    const view = this.#view;
    const now = this.#scheduler.now;
    // A broadcast, or somebody whom this host knows a way to: no business of a NAT's.
    if (readI32(buf, view.ip + DESTINATION) !== this.#own) return null;
    if (view.later) return this.#fragment(buf, DESTINATION, null);
    const port = portPlace(buf, view, false);
    if (port === -1) return this.#errorInward(buf);
    if (port === -2) return 'nat-truncated';
    const mapping = this.table.inward(view.protocol, readU16(buf, port), now);
    if (mapping === null) return 'nat-no-mapping';
    this.table.used(mapping, now, false, flagsOf(buf, view));
    if (view.fragment) this.#remember(buf, mapping);
    const sums = sumsOf(buf, view, null);
    changeAddress(buf, view.ip + DESTINATION, mapping.address, sums.address);
    change(buf, port, mapping.port, sums.port);
    return null;
  }

  /** A fragment without ports goes where the first one went. @param word the new address; null for the mapping's */
  #fragment(buf: Uint8Array, place: number, word: number | null): NatDrop | null {
    const { ip } = this.#view;
    const mapping = this.#fragmented.get(fragmentKey(buf, ip));
    if (mapping === undefined) return 'nat-fragment';
    changeAddress(buf, ip + place, word ?? mapping.address, [{ at: ip + 10, optional: false, under: null }]);
    return null;
  }

  #remember(buf: Uint8Array, mapping: Mapping): void {
    if (this.#fragmented.size >= MAX_FRAGMENTED) this.#fragmented.delete(this.#fragmented.keys().next().value!);
    this.#fragmented.set(fragmentKey(buf, this.#view.ip), mapping);
  }

  /** An ICMP message that is no echo request: an error about what came in, or an answer of the NAT's own. */
  #errorOutward(buf: Uint8Array): NatDrop | null {
    const { ip, transport } = this.#view;
    const own = readI32(buf, ip + SOURCE) === this.#own;
    if (!this.#hasQuote(buf)) return own ? null : 'nat-protocol';
    const quote = this.#quote;
    const port = portPlace(buf, quote, false);
    if (port < 0) return 'nat-protocol';
    const address = readI32(buf, quote.ip + DESTINATION);
    // About what never passed this NAT, such as a ping of the NAT itself.
    if (own && address === this.#own) return null;
    const mapping = this.table.find(quote.protocol, address, readU16(buf, port), this.#scheduler.now);
    if (mapping === null) return 'nat-no-mapping';
    const sums = sumsOf(buf, quote, { at: transport + 2, optional: false, under: null });
    changeAddress(buf, quote.ip + DESTINATION, this.#own, sums.address);
    change(buf, port, mapping.outside, sums.port);
    changeAddress(buf, ip + SOURCE, this.#own, [{ at: ip + 10, optional: false, under: null }]);
    return null;
  }

  /** The same from outside: an error about what went out; what else there is, is for the NAT's own host. */
  #errorInward(buf: Uint8Array): NatDrop | null {
    const { ip, transport } = this.#view;
    if (!this.#hasQuote(buf)) return null;
    const quote = this.#quote;
    const port = portPlace(buf, quote, true);
    if (port < 0 || readI32(buf, quote.ip + SOURCE) !== this.#own) return 'nat-protocol';
    const mapping = this.table.inward(quote.protocol, readU16(buf, port), this.#scheduler.now);
    if (mapping === null) return 'nat-no-mapping';
    const sums = sumsOf(buf, quote, { at: transport + 2, optional: false, under: null });
    changeAddress(buf, quote.ip + SOURCE, mapping.address, sums.address);
    change(buf, port, mapping.port, sums.port);
    changeAddress(buf, ip + DESTINATION, mapping.address, [{ at: ip + 10, optional: false, under: null }]);
    return null;
  }

  /** Whether `#view` is an ICMP error that quotes a packet from its beginning, which `#quote` is of then. */
  #hasQuote(buf: Uint8Array): boolean {
    const { protocol, transport, length } = this.#view;
    if (protocol !== PROTO_ICMP || length < ICMP_HEADER || !isIcmpError(buf[transport]!)) return false;
    return this.#quote.read(buf, transport + ICMP_HEADER, length - ICMP_HEADER) && !this.#quote.later;
  }

  #drop(packet: Packet, reason: NatDrop): void {
    this.drops[reason]++;
    const { trace, name } = this.#options;
    if (trace !== null) {
      trace({ type: 'packet-dropped', time: this.#scheduler.now, host: name, packet: packet.id, reason });
    }
    this.#pool.give(packet);
  }
}

/**
 * Where the sender's port is (its destination's if not `source`), or the identifier of an echo; -1 for a protocol or message that
 * has none of its own, -2 when it is cut off. Outwards go echo requests, inwards their replies.
 */
function portPlace(buf: Uint8Array, view: View, source: boolean): number {
  const { protocol, transport, length } = view;
  if (protocol === PROTO_TCP || protocol === PROTO_UDP) return length < 4 ? -2 : transport + (source ? 0 : 2);
  if (protocol !== PROTO_ICMP) return -1;
  if (length < ICMP_HEADER) return -2;
  return buf[transport] === (source ? ICMP_ECHO : ICMP_ECHO_REPLY) ? transport + 4 : -1;
}

function flagsOf(buf: Uint8Array, { protocol, transport, length }: View): number {
  return protocol === PROTO_TCP && length >= 14 ? buf[transport + 13]! : 0;
}

/** The checksums that a packet's address, and its port, are under. @param outer that of the message which quotes it */
function sumsOf(buf: Uint8Array, view: View, outer: Sum | null): { address: Sum[]; port: Sum[] } {
  const { ip, transport, protocol, length } = view;
  const quoted = outer === null ? [] : [outer];
  const header: Sum = { at: ip + 10, optional: false, under: outer };
  const place = protocol === PROTO_TCP ? 16 : protocol === PROTO_UDP ? 6 : 2;
  // An error may quote no more than 8 octets.
  if (length < place + 2) return { address: [header, ...quoted], port: quoted };
  const own: Sum = { at: transport + place, optional: protocol === PROTO_UDP, under: outer };
  const none = own.optional && readU16(buf, own.at) === 0;
  const port = none ? quoted : [own, ...quoted];
  // ICMP has no pseudo-header.
  return { address: protocol === PROTO_ICMP ? [header, ...quoted] : [header, ...port], port };
}

/** Writes a word, and mends the checksums that it is under. */
function change(buf: Uint8Array, at: number, value: number, sums: readonly Sum[]): void {
  const before = readU16(buf, at);
  if (before === value) return;
  writeU16(buf, at, value);
  for (const sum of sums) {
    const mended = update16(readU16(buf, sum.at), before, value);
    change(buf, sum.at, mended === 0 && sum.optional ? 0xffff : mended, sum.under === null ? [] : [sum.under]);
  }
}

function changeAddress(buf: Uint8Array, at: number, word: number, sums: readonly Sum[]): void {
  change(buf, at, word >>> 16, sums);
  change(buf, at + 2, word & 0xffff, sums);
}

/** Names the datagram that a fragment is of. */
function fragmentKey(buf: Uint8Array, ip: number): string {
  return `${readI32(buf, ip + SOURCE)} ${readI32(buf, ip + DESTINATION)} ${readU16(buf, ip + 4)} ${buf[ip + 9]}`;
}
