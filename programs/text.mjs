/** Owns: the text that programs send and get: streams of the patterns of `interop/pattern.mjs`, and digests. */

import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pattern } from '../interop/pattern.mjs';

export { pattern, patternDigest } from '../interop/pattern.mjs';

/** Octets of a pattern, from one place up to another, as a stream. */
export function patternStream(seed, from, to) {
  let at = from;
  return new Readable({
    highWaterMark: 256 * 1024,
    read() {
      if (at >= to) {
        this.push(null);
        return;
      }
      const piece = pattern(seed, at, Math.min(64 * 1024, to - at));
      at += piece.length;
      // Whoever gets it may keep it, but nobody changes it.
      this.push(piece);
    },
  });
}

/** A pattern's octets from one place up to another, as a buffer of their own. */
export function patternBuffer(seed, from, to) {
  const pieces = [];
  for (let at = from; at < to; at += pieces.at(-1).length) pieces.push(pattern(seed, at, to - at));
  return Buffer.concat(pieces);
}

/** Reads a stream to its end. @returns the SHA-256 in hex, and the number of octets */
export async function digestOf(stream) {
  const hash = createHash('sha256');
  let octets = 0;
  for await (const data of stream) {
    hash.update(data);
    octets += data.length;
  }
  return { digest: hash.digest('hex'), octets };
}

export function sha256(data) {
  return createHash('sha256').update(data).digest('hex');
}

/** `100 MB`, for notes. */
export function megabytes(octets) {
  return `${Number((octets / 1e6).toFixed(2))} MB`;
}
