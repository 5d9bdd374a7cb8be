/**
 * Owns: how one seed becomes many sources of chance. Each has a label, so that what one host, link or decision draws
 * does not depend on which others there are, or in which order they were made.
 */

import { type Random, SeededRandom } from '../base/random.ts';

/** A source of its own for `label`: the same for the same seed and label. */
export function labelled(seed: number, label: string): Random {
  let hash = 0x811c9dc5; // FNV-1a
  for (let i = 0; i < label.length; i++) hash = Math.imul(hash ^ label.charCodeAt(i), 0x01000193);
  // One draw mixes the seed into all bits of the hash.
  return new SeededRandom(new SeededRandom(seed).uint32() ^ hash);
}
