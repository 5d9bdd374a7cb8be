/**
 * Owns: the contents of Neighbor Discovery's messages and the checks every receiver makes first (RFC 4861 4, 6.1, 7.1).
 * Leaves to others: the neighbour cache, routers and prefixes (`stack/`); redirects, which are not listened to; the
 * ICMPv6 checksum (`icmpv6.ts`).
 */

import { Address, isLinkLocal, isMulticast, isUnspecified, readAddress6, writeAddress } from './address.ts';
import { readU16, readU32, writeU16, writeU32 } from './bytes.ts';
import { Mac, readMac, writeMac } from './ethernet.ts';
import {
  ICMPV6_NEIGHBOR_ADVERTISEMENT,
  ICMPV6_NEIGHBOR_SOLICITATION,
  ICMPV6_ROUTER_ADVERTISEMENT,
  ICMPV6_ROUTER_SOLICITATION,
} from './icmpv6.ts';

const OPTION_SOURCE_MAC = 1;
const OPTION_TARGET_MAC = 2;
const OPTION_PREFIX = 3;
const OPTION_MTU = 5;
/** Prefixes read from one router advertisement at most; more are passed over. */
export const MAX_ND_PREFIXES = 8;

/** A prefix information option (RFC 4861 4.6.2). Lifetimes are seconds; 0xffffffff is for ever. */
export class PrefixInformation {
  prefix: Address = new Address(6, 0, 0, 0, 0);
  /** In bits. */
  length = 0;
  onLink = false;
  autonomous = false;
  validLifetime = 0;
  preferredLifetime = 0;
}

/** A router or neighbour, solicitation or advertisement. Its addresses are its own: parsing writes into them. */
export class NdMessage {
  /** One of the ICMPV6_ROUTER_... or ICMPV6_NEIGHBOR_... types. */
  type = 0;
  /** Of neighbour messages. */
  target: Address = new Address(6, 0, 0, 0, 0);
  // Of neighbour advertisements.
  router = false;
  solicited = false;
  override = false;
  // Of router advertisements.
  curHopLimit = 0;
  managed = false;
  otherConfig = false;
  /** Seconds; 0 is no default router. */
  routerLifetime = 0;
  /** Milliseconds; 0 is unspecified. */
  reachableTime = 0;
  /** Milliseconds; 0 is unspecified. */
  retransTimer = 0;
  // Options.
  hasSourceMac = false;
  sourceMac: Mac = new Mac();
  hasTargetMac = false;
  targetMac: Mac = new Mac();
  /** 0 when there is no such option. */
  mtu = 0;
  prefixCount = 0;
  readonly prefixes: PrefixInformation[] = Array.from({ length: MAX_ND_PREFIXES }, () => new PrefixInformation());
}

/** Why a message is silently discarded, as RFC 4861 6.1 and 7.1 demand. `type`: not one of the four. */
export type NdParse =
  | 'ok'
  | 'type'
  | 'hop-limit'
  | 'code'
  | 'truncated'
  | 'option-length'
  | 'source'
  | 'destination'
  | 'target'
  | 'source-option';

/** Octets before the options, by type. */
function fixedLength(type: number): number {
  if (type === ICMPV6_ROUTER_SOLICITATION) return 8;
  return type === ICMPV6_ROUTER_ADVERTISEMENT ? 16 : 24;
}

/**
 * Reads and validates an ICMPv6 message of `len` octets at `off` whose checksum is right.
 *
 * @param hopLimit of the IPv6 header, as are `src` and `dst`
 */
export function parseNd(
  buf: Uint8Array,
  off: number,
  len: number,
  hopLimit: number,
  src: Address,
  dst: Address,
  into: NdMessage,
): NdParse {
  if (len < 8) return 'truncated';
  const type = buf[off]!;
  if (type < ICMPV6_ROUTER_SOLICITATION || type > ICMPV6_NEIGHBOR_ADVERTISEMENT) return 'type';
  // 255 cannot have passed a router: the sender is on this link.
  if (hopLimit !== 255) return 'hop-limit';
  if (buf[off + 1] !== 0) return 'code';
  const fixed = fixedLength(type);
  if (len < fixed) return 'truncated';
  into.type = type;
  readFixed(buf, off, into);
  const result = readOptions(buf, off + fixed, off + len, into);
  return result === 'ok' ? validate(src, dst, into) : result;
}

function readFixed(buf: Uint8Array, off: number, into: NdMessage): void {
  const flags = buf[off + 4]!;
  if (into.type === ICMPV6_ROUTER_ADVERTISEMENT) {
    into.curHopLimit = flags;
    into.managed = (buf[off + 5]! & 0x80) !== 0;
    into.otherConfig = (buf[off + 5]! & 0x40) !== 0;
    into.routerLifetime = readU16(buf, off + 6);
    into.reachableTime = readU32(buf, off + 8);
    into.retransTimer = readU32(buf, off + 12);
  } else if (into.type !== ICMPV6_ROUTER_SOLICITATION) {
    const advertisement = into.type === ICMPV6_NEIGHBOR_ADVERTISEMENT;
    into.router = advertisement && (flags & 0x80) !== 0;
    into.solicited = advertisement && (flags & 0x40) !== 0;
    into.override = advertisement && (flags & 0x20) !== 0;
    readAddress6(buf, off + 8, into.target);
  }
}

function readOptions(buf: Uint8Array, start: number, end: number, into: NdMessage): NdParse {
  into.hasSourceMac = false;
  into.hasTargetMac = false;
  into.mtu = 0;
  into.prefixCount = 0;
  let at = start;
  while (at < end) {
    const length = at + 1 < end ? buf[at + 1]! << 3 : 0;
    if (length === 0 || at + length > end) return 'option-length';
    readOption(buf, at, length, into);
    at += length;
  }
  return 'ok';
}

/** An option of a type not known, or of a size its type does not have here, is passed over. */
function readOption(buf: Uint8Array, at: number, length: number, into: NdMessage): void {
  const type = buf[at]!;
  if (type === OPTION_SOURCE_MAC && length === 8) {
    into.hasSourceMac = true;
    readMac(buf, at + 2, into.sourceMac);
  } else if (type === OPTION_TARGET_MAC && length === 8) {
    into.hasTargetMac = true;
    readMac(buf, at + 2, into.targetMac);
  } else if (type === OPTION_MTU && length === 8) {
    into.mtu = readU32(buf, at + 4);
  } else if (type === OPTION_PREFIX && length === 32 && buf[at + 2]! <= 128 && into.prefixCount < MAX_ND_PREFIXES) {
    const prefix = into.prefixes[into.prefixCount++]!;
    prefix.length = buf[at + 2]!;
    prefix.onLink = (buf[at + 3]! & 0x80) !== 0;
    prefix.autonomous = (buf[at + 3]! & 0x40) !== 0;
    prefix.validLifetime = readU32(buf, at + 4);
    prefix.preferredLifetime = readU32(buf, at + 8);
    readAddress6(buf, at + 16, prefix.prefix);
  }
}

function validate(src: Address, dst: Address, message: NdMessage): NdParse {
  switch (message.type) {
    case ICMPV6_ROUTER_SOLICITATION:
      return isUnspecified(src) && message.hasSourceMac ? 'source-option' : 'ok';
    case ICMPV6_ROUTER_ADVERTISEMENT:
      return isLinkLocal(src) ? 'ok' : 'source';
    case ICMPV6_NEIGHBOR_SOLICITATION:
      if (isMulticast(message.target)) return 'target';
      if (!isUnspecified(src)) return 'ok';
      if (!isSolicitedNode(dst)) return 'destination';
      return message.hasSourceMac ? 'source-option' : 'ok';
    default:
      if (isMulticast(message.target)) return 'target';
      return message.solicited && isMulticast(dst) ? 'destination' : 'ok';
  }
}

function isSolicitedNode(a: Address): boolean {
  return a.w0 >>> 0 === 0xff020000 && a.w1 === 0 && a.w2 === 1 && a.w3 >>> 24 === 0xff;
}

/**
 * Writes a message with the options it has (for which its type has a use); the checksum is left to `checksumIcmpv6`.
 *
 * @returns octets written
 */
export function writeNd(buf: Uint8Array, off: number, message: NdMessage): number {
  const { type } = message;
  buf.fill(0, off, off + fixedLength(type));
  buf[off] = type;
  if (type === ICMPV6_ROUTER_ADVERTISEMENT) {
    buf[off + 4] = message.curHopLimit;
    buf[off + 5] = (message.managed ? 0x80 : 0) | (message.otherConfig ? 0x40 : 0);
    writeU16(buf, off + 6, message.routerLifetime);
    writeU32(buf, off + 8, message.reachableTime);
    writeU32(buf, off + 12, message.retransTimer);
  } else if (type !== ICMPV6_ROUTER_SOLICITATION) {
    if (type === ICMPV6_NEIGHBOR_ADVERTISEMENT) {
      buf[off + 4] = (message.router ? 0x80 : 0) | (message.solicited ? 0x40 : 0) | (message.override ? 0x20 : 0);
    }
    writeAddress(message.target, buf, off + 8);
  }
  return writeNdOptions(buf, off + fixedLength(type), message) - off;
}

/** @returns where the options end */
function writeNdOptions(buf: Uint8Array, start: number, message: NdMessage): number {
  let at = start;
  if (message.hasSourceMac) at = writeMacOption(buf, at, OPTION_SOURCE_MAC, message.sourceMac);
  if (message.hasTargetMac) at = writeMacOption(buf, at, OPTION_TARGET_MAC, message.targetMac);
  if (message.mtu > 0) {
    writeU32(buf, at, (OPTION_MTU << 24) | (1 << 16));
    writeU32(buf, at + 4, message.mtu);
    at += 8;
  }
  for (let i = 0; i < message.prefixCount; i++) {
    const prefix = message.prefixes[i]!;
    buf[at] = OPTION_PREFIX;
    buf[at + 1] = 4;
    buf[at + 2] = prefix.length;
    buf[at + 3] = (prefix.onLink ? 0x80 : 0) | (prefix.autonomous ? 0x40 : 0);
    writeU32(buf, at + 4, prefix.validLifetime);
    writeU32(buf, at + 8, prefix.preferredLifetime);
    writeU32(buf, at + 12, 0);
    writeAddress(prefix.prefix, buf, at + 16);
    at += 32;
  }
  return at;
}

function writeMacOption(buf: Uint8Array, at: number, type: number, mac: Mac): number {
  buf[at] = type;
  buf[at + 1] = 1;
  writeMac(buf, at + 2, mac);
  return at + 8;
}
