/**
 * Owns: the packet (a frame or an IP datagram in a pooled buffer) and the pool.
 *
 * Ownership: whoever holds a packet either passes it on (`Link.send`, `LinkReceiver.packet`) or gives it back
 * (`pool.give`), exactly once. Nobody keeps a reference to a packet it passed on.
 */

/** Checksum fields are complete and not known to be right: a receiver verifies, a device may send as is. */
export const CSUM_COMPLETE = 0;
/** The transport checksum field holds the pseudo-header sum only (folded, not complemented): a receiver on the same
 *  machine takes the packet as intact; who puts it on a wire completes it first. */
export const CSUM_PARTIAL = 1;
/** Someone trusted has verified the transport checksum already. */
export const CSUM_VERIFIED = 2;

/** Room kept free before a packet's first octet, so that lower layers prepend headers in place (Ethernet 14, vnet 10). */
export const HEADROOM = 32;

export class Packet {
  readonly buf: Uint8Array;
  /** The same memory as 32-bit words, for checksums. */
  readonly words: Uint32Array;
  /** The packet is `buf[off .. off + len)`. */
  off: number = HEADROOM;
  len = 0;
  /** CSUM_COMPLETE, CSUM_PARTIAL or CSUM_VERIFIED. */
  checksum: number = CSUM_COMPLETE;
  /** For a super-segment, the octets of TCP text in each segment it stands for; 0 otherwise. */
  segmentSize = 0;
  /** Names the packet in traces; 0 when nobody traces. A duplicate keeps its original's id. */
  id = 0;

  constructor(size: number) {
    // Whole words, so that `words` covers the buffer.
    const memory = new ArrayBuffer((size + 3) & ~3);
    this.buf = new Uint8Array(memory);
    this.words = new Uint32Array(memory);
  }
}

/** Octets of IP packet that a small pooled buffer holds (MTU 1500 and some); larger packets take a 64 KiB buffer. */
export const SMALL_PACKET = 1984;
/** Octets of the largest IP packet. */
export const LARGE_PACKET = 65535;

/** Packets for reuse in two sizes. One pool serves every stack and link of a process or simulation. */
export class PacketPool {
  readonly #small: Packet[] = [];
  readonly #large: Packet[] = [];
  readonly #smallLimit: number;
  readonly #largeLimit: number;
  /** Packets ever made: a rise in the steady state is a leak. */
  made = 0;
  #lastId = 0;

  /** @param limit packets of each size kept for reuse at most */
  constructor(limit: { small: number; large: number } = { small: 8192, large: 256 }) {
    this.#smallLimit = limit.small;
    this.#largeLimit = limit.large;
  }

  /** A packet with room for `size` octets after {@link HEADROOM}; `off` is HEADROOM, `len` is 0. `size` <= 65535. */
  take(size: number): Packet {
    const free = size <= SMALL_PACKET ? this.#small : this.#large;
    const packet = free.pop();
    if (packet === undefined) {
      this.made++;
      return new Packet((size <= SMALL_PACKET ? SMALL_PACKET : LARGE_PACKET) + HEADROOM);
    }
    packet.off = HEADROOM;
    packet.len = 0;
    packet.checksum = CSUM_COMPLETE;
    packet.segmentSize = 0;
    packet.id = 0;
    return packet;
  }

  /** A name for a packet that somebody traces, unique among the users of this pool. */
  nextId(): number {
    return ++this.#lastId;
  }

  give(packet: Packet): void {
    if (packet.buf.length <= SMALL_PACKET + HEADROOM + 3) {
      if (this.#small.length < this.#smallLimit) this.#small.push(packet);
    } else if (this.#large.length < this.#largeLimit) {
      this.#large.push(packet);
    }
  }

  /** A copy of `packet` with the same metadata. */
  clone(packet: Packet): Packet {
    // It keeps its place in the buffer, which may be further in than HEADROOM.
    const copy = this.take(Math.max(packet.len, packet.off + packet.len - HEADROOM));
    copy.off = packet.off;
    copy.len = packet.len;
    copy.checksum = packet.checksum;
    copy.segmentSize = packet.segmentSize;
    copy.id = packet.id;
    copy.buf.set(packet.buf.subarray(packet.off, packet.off + packet.len), packet.off);
    return copy;
  }
}
