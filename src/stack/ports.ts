/**
 * Owns: the choice of ephemeral ports (RFC 6056), for UDP and TCP alike. Whether a port is in use is the caller's to say.
 *
 * Where the destination is known: algorithm 4, double hash. Each (local, remote, remote port) walks the range from an
 * offset of its own, with one of 1024 counters; so a port is not soon used again towards one destination, and what one
 * destination sees says nothing about others. Where it is not known: algorithm 1, at random.
 */

import { below, type Random } from '../base/random.ts';
import { type Key128, siphash } from '../base/siphash.ts';
import { type Address, putWords } from '../wire/address.ts';
import type { PortConfig } from './config.ts';
import { deriveKey } from './keys.ts';

const COUNTERS = 1024;

export class EphemeralPorts {
  readonly #first: number;
  readonly #count: number;
  readonly #offsetKey: Key128;
  readonly #tableKey: Key128;
  readonly #random: Random;
  readonly #counters: Uint32Array = new Uint32Array(COUNTERS);
  readonly #words: Int32Array = new Int32Array(9);

  constructor(config: PortConfig, secret: Key128, random: Random) {
    this.#first = config.first;
    this.#count = config.last - config.first + 1;
    this.#offsetKey = deriveKey(secret, 'portOffset');
    this.#tableKey = deriveKey(secret, 'portTable');
    this.#random = random;
    for (let i = 0; i < COUNTERS; i++) this.#counters[i] = random.uint32() & 0xffff;
  }

  /**
   * A port towards `remote` and `remotePort`, or towards a destination not known yet (remote port 0).
   *
   * @param inUse whether a port will not do
   * @returns 0 where none will
   */
  choose(local: Address, remote: Address, remotePort: number, inUse: (port: number) => boolean): number {
    if (remotePort === 0) return this.#atRandom(inUse);
    const words = this.#words;
    words[putWords(words, putWords(words, 0, local), remote)] = remotePort;
    const offset = siphash(this.#offsetKey, words, 9).lo;
    const index = siphash(this.#tableKey, words, 9).lo & (COUNTERS - 1);
    const count = this.#count;
    for (let tries = 0; tries < count; tries++) {
      const port = this.#first + ((offset + this.#counters[index]!++) % count);
      if (!inUse(port)) return port;
    }
    return 0;
  }

  #atRandom(inUse: (port: number) => boolean): number {
    const count = this.#count;
    const start = below(this.#random, count);
    for (let tries = 0; tries < count; tries++) {
      const port = this.#first + ((start + tries) % count);
      if (!inUse(port)) return port;
    }
    return 0;
  }
}
