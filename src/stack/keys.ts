/**
 * Owns: the keys of a stack. One 128-bit secret, from which every user of a keyed hash gets a key of its own, so that
 * learning one output (a port, an ISN) says nothing about another.
 */

import type { Random } from '../base/random.ts';
import { type Key128, siphash, TableHash } from '../base/siphash.ts';
import type { Address } from '../wire/address.ts';

/** What a key is for. The numbers only need to differ. */
export const KEY_PURPOSE = {
  pathTable: 1,
  neighbourTable: 2,
  fragmentTable: 3,
  icmpLimit: 4,
  portOffset: 5,
  portTable: 6,
  tcpTable: 16,
  tcpIsn: 17,
  tcpTimestamps: 18,
  tcpSynCookies: 19,
  tcpFastOpen: 20,
} as const;

export type KeyPurpose = keyof typeof KEY_PURPOSE;

/** A fresh 128-bit secret. */
export function drawSecret(random: Random): Key128 {
  return [random.uint32(), random.uint32(), random.uint32(), random.uint32()];
}

/** The key for one purpose. */
export function deriveKey(secret: Key128, purpose: KeyPurpose): Key128 {
  const number = KEY_PURPOSE[purpose];
  const low = siphash(secret, [number, 0], 2);
  const { lo: a, hi: b } = low;
  const { lo: c, hi: d } = siphash(secret, [number, 1], 2);
  return [a, b, c, d];
}

/** A hash for a table keyed by addresses. */
export function tableHash(secret: Key128, purpose: KeyPurpose): TableHash {
  const key = deriveKey(secret, purpose);
  return new TableHash(key[0], key[1]);
}

/** Mixes an address into a running hash. */
export function mixAddress(hash: TableHash, address: Address): TableHash {
  return hash.word(address.w0).word(address.w1).word(address.w2).word(address.w3);
}
