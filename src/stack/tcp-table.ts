/**
 * Owns: the table of connections by their two sockets, hashed without strings under a secret key, so that outsiders
 * cannot choose ports that collide. Connections and TIME-WAIT records stand side by side in it.
 */

import type { Key128 } from '../base/siphash.ts';
import { TableHash } from '../base/siphash.ts';
import type { Ends } from '../tcp/index.ts';
import { type Address, sameAddress } from '../wire/address.ts';
import { mixAddress } from './keys.ts';

/** What stands in the table; the two bookkeeping fields are its. */
export interface TableEntry extends Ends {
  hash: number;
  chain: TableEntry | null;
}

export class ConnectionTable {
  size = 0;
  readonly #hash: TableHash;
  #buckets: (TableEntry | null)[] = new Array<TableEntry | null>(64).fill(null);
  /** A burst is mostly one connection's. */
  #last: TableEntry | null = null;

  constructor(key: Key128) {
    this.#hash = new TableHash(key[0], key[1]);
  }

  find(local: Address, localPort: number, remote: Address, remotePort: number): TableEntry | null {
    const last = this.#last;
    if (last !== null && matches(last, local, localPort, remote, remotePort)) return last;
    const hash = this.#hashOf(local, localPort, remote, remotePort);
    let entry = this.#buckets[hash & (this.#buckets.length - 1)] ?? null;
    while (entry !== null) {
      if (entry.hash === hash && matches(entry, local, localPort, remote, remotePort)) {
        this.#last = entry;
        return entry;
      }
      entry = entry.chain;
    }
    return null;
  }

  /** Enters what is not there yet. */
  insert(entry: TableEntry): void {
    if (this.size >= this.#buckets.length) this.#grow();
    entry.hash = this.#hashOf(entry.local, entry.localPort, entry.remote, entry.remotePort);
    const slot = entry.hash & (this.#buckets.length - 1);
    entry.chain = this.#buckets[slot] ?? null;
    this.#buckets[slot] = entry;
    this.size++;
  }

  /** Takes `entry` out. Harmless when it is not there. */
  remove(entry: TableEntry): void {
    if (this.#last === entry) this.#last = null;
    const slot = entry.hash & (this.#buckets.length - 1);
    let at = this.#buckets[slot] ?? null;
    let before: TableEntry | null = null;
    while (at !== null && at !== entry) {
      before = at;
      at = at.chain;
    }
    if (at === null) return;
    if (before === null) this.#buckets[slot] = entry.chain;
    else before.chain = entry.chain;
    entry.chain = null;
    this.size--;
  }

  *[Symbol.iterator](): IterableIterator<TableEntry> {
    for (const first of this.#buckets) for (let entry = first; entry !== null; entry = entry.chain) yield entry;
  }

  #hashOf(local: Address, localPort: number, remote: Address, remotePort: number): number {
    const hash = mixAddress(mixAddress(this.#hash.start(), local), remote);
    return hash.word((localPort << 16) | remotePort).finish() | 0;
  }

  #grow(): void {
    const entries = [...this];
    this.#buckets = new Array<TableEntry | null>(this.#buckets.length * 2).fill(null);
    for (const entry of entries) {
      const slot = entry.hash & (this.#buckets.length - 1);
      entry.chain = this.#buckets[slot] ?? null;
      this.#buckets[slot] = entry;
    }
  }
}

function matches(e: TableEntry, local: Address, localPort: number, remote: Address, remotePort: number): boolean {
  return (
    e.remotePort === remotePort &&
    e.localPort === localPort &&
    sameAddress(e.remote, remote) &&
    sameAddress(e.local, local)
  );
}
