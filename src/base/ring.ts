/**
 * Owns: the byte ring that holds a connection's unacknowledged or undelivered octets, and the pool its storage comes
 * from. A ring that is empty owns no storage, so an idle connection costs none.
 *
 * Offsets are counted from the oldest octet held. A receive ring may be written beyond its length (out-of-order text
 * goes straight to its place); `extend` then declares octets present.
 */

import { invariant } from './invariant.ts';

const MIN_SHIFT = 9; // 512 octets
const MAX_SHIFT = 27; // 128 MiB

/** Storage for rings in powers of two, kept for reuse up to `limit` octets. */
export class BufferPool {
  readonly #free: Uint8Array[][] = [];
  readonly #limit: number;
  #kept = 0;
  /** Octets of storage in use. */
  taken = 0;

  /** @param limit octets kept for reuse at most; more is left to the garbage collector */
  constructor(limit: number = 64 * 1024 * 1024) {
    this.#limit = limit;
    for (let i = 0; i <= MAX_SHIFT; i++) this.#free.push([]);
  }

  /** Storage of at least `size` octets (at most 128 MiB); its content is unspecified. */
  take(size: number): Uint8Array {
    const shift = shiftFor(size);
    this.taken += 1 << shift;
    const buffer = this.#free[shift]!.pop();
    if (buffer === undefined) return new Uint8Array(1 << shift);
    this.#kept -= buffer.length;
    return buffer;
  }

  give(buffer: Uint8Array): void {
    this.taken -= buffer.length;
    if (this.#kept + buffer.length > this.#limit) return;
    this.#kept += buffer.length;
    this.#free[31 - Math.clz32(buffer.length)]!.push(buffer);
  }
}

function shiftFor(size: number): number {
  invariant(size <= 1 << MAX_SHIFT, 'a ring larger than 128 MiB');
  return size <= 1 << MIN_SHIFT ? MIN_SHIFT : 32 - Math.clz32(size - 1);
}

export class Ring {
  /** Octets held, from offset 0. */
  length = 0;
  #storage: Uint8Array | null = null;
  #head = 0;
  /** A busy ring that drains and fills again starts at the size it lately needed; the memory of it fades by halves. */
  #hint = 0;
  #peak = 0;

  /** Octets of storage owned now. */
  get capacity(): number {
    return this.#storage === null ? 0 : this.#storage.length;
  }

  /** Appends `length` octets of `source` from `offset`. The caller keeps within its own bound. */
  push(pool: BufferPool, source: Uint8Array, offset: number, length: number): void {
    this.put(pool, this.length, source, offset, length);
    this.length += length;
  }

  /** Writes octets at `at` (counted from the oldest held), possibly beyond `length`, without declaring them present. */
  put(pool: BufferPool, at: number, source: Uint8Array, offset: number, length: number): void {
    if (length === 0) return;
    if (at + length > this.#peak) this.#peak = at + length;
    if (this.#storage === null || at + length > this.#storage.length) this.#grow(pool, at + length);
    const storage = this.#storage!;
    const start = (this.#head + at) & (storage.length - 1);
    const first = storage.length - start;
    if (length <= first) {
      if (offset === 0 && length === source.length) storage.set(source, start);
      else storage.set(source.subarray(offset, offset + length), start);
    } else {
      storage.set(source.subarray(offset, offset + first), start);
      storage.set(source.subarray(offset + first, offset + length), 0);
    }
  }

  /** Declares `count` octets after the present end as held: they were `put` there before. */
  extend(count: number): void {
    this.length += count;
  }

  /** Copies `length` octets from `at` to `target`. */
  copy(at: number, length: number, target: Uint8Array, offset: number): void {
    if (length === 0) return;
    invariant(at + length <= this.length, 'a ring is read beyond what it holds');
    const storage = this.#storage!;
    const start = (this.#head + at) & (storage.length - 1);
    const first = storage.length - start;
    if (length <= first) {
      target.set(storage.subarray(start, start + length), offset);
    } else {
      target.set(storage.subarray(start), offset);
      target.set(storage.subarray(0, length - first), offset + first);
    }
  }

  /**
   * The longest run of octets from `at` that lies together in storage, at most `length`: a view that is valid until the
   * ring changes.
   */
  view(at: number, length: number): Uint8Array {
    const storage = this.#storage;
    if (storage === null || at >= this.length) return EMPTY;
    const start = (this.#head + at) & (storage.length - 1);
    return storage.subarray(start, start + Math.min(length, this.length - at, storage.length - start));
  }

  /**
   * Forgets the `count` oldest octets. With `keep` the storage stays even when nothing is held (octets were `put`
   * beyond the end); else an empty ring gives its storage back.
   */
  drop(pool: BufferPool, count: number, keep = false): void {
    invariant(count <= this.length, 'a ring drops more than it holds');
    this.length -= count;
    const storage = this.#storage;
    if (storage === null) return;
    this.#head = (this.#head + count) & (storage.length - 1);
    if (this.length === 0 && !keep) this.clear(pool);
  }

  /** Forgets the `count` youngest octets. */
  dropNewest(pool: BufferPool, count: number): void {
    invariant(count <= this.length, 'a ring drops more than it holds');
    this.length -= count;
    if (this.length === 0) this.clear(pool);
  }

  /** Forgets everything and gives the storage back. */
  clear(pool: BufferPool): void {
    this.length = 0;
    this.#head = 0;
    if (this.#storage === null) return;
    pool.give(this.#storage);
    this.#storage = null;
    this.#hint = Math.max(this.#peak, this.#hint >> 1);
    this.#peak = 0;
  }

  /** A copy with storage of its own; octets put beyond the end are copied too. */
  clone(pool: BufferPool): Ring {
    const copy = new Ring();
    copy.length = this.length;
    copy.#hint = this.#hint;
    copy.#peak = this.#peak;
    copy.#head = this.#head;
    if (this.#storage !== null) {
      copy.#storage = pool.take(this.#storage.length);
      copy.#storage.set(this.#storage);
    }
    return copy;
  }

  #grow(pool: BufferPool, size: number): void {
    const old = this.#storage;
    const storage = pool.take(old === null ? Math.max(size, this.#hint) : size);
    if (old !== null) {
      // Everything, not only `length`: octets put beyond the end move too.
      storage.set(old.subarray(this.#head));
      storage.set(old.subarray(0, this.#head), old.length - this.#head);
      pool.give(old);
    }
    this.#head = 0;
    this.#storage = storage;
  }
}

const EMPTY: Uint8Array = new Uint8Array(0);
