/**
 * Owns: big-endian ("network order") integers in byte arrays. Small enough that engines inline every one of them; a
 * `DataView` a packet would be an allocation a packet. Bounds are the caller's: parsers check lengths first.
 */

/** Unsigned 16 bits. */
export function readU16(buf: Uint8Array, off: number): number {
  return (buf[off]! << 8) | buf[off + 1]!;
}

/** Unsigned 32 bits. */
export function readU32(buf: Uint8Array, off: number): number {
  return ((buf[off]! << 24) | (buf[off + 1]! << 16) | (buf[off + 2]! << 8) | buf[off + 3]!) >>> 0;
}

/** Signed 32 bits: the form in which {@link Address} and {@link Mac} hold their words. */
export function readI32(buf: Uint8Array, off: number): number {
  return (buf[off]! << 24) | (buf[off + 1]! << 16) | (buf[off + 2]! << 8) | buf[off + 3]!;
}

/** The low 16 bits of `value`. */
export function writeU16(buf: Uint8Array, off: number, value: number): void {
  buf[off] = value >>> 8;
  buf[off + 1] = value;
}

/** The low 32 bits of `value`, signed or unsigned. */
export function writeU32(buf: Uint8Array, off: number, value: number): void {
  buf[off] = value >>> 24;
  buf[off + 1] = value >>> 16;
  buf[off + 2] = value >>> 8;
  buf[off + 3] = value;
}

/** A word with its four octets the other way round, for what reads the least significant one first. Signed. */
export function reversed(word: number): number {
  return ((word & 0xff) << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
}
