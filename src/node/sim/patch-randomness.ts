/** Owns: the randomness of `crypto` for code of a place: that of the seed, the same in every run. It is no secret, and not meant to be one. */

import crypto from 'node:crypto';
import { below, type Random } from '../../base/random.ts';
import type { Patcher } from './patcher.ts';
import { here } from './place.ts';

type Real = (this: unknown, ...args: unknown[]) => unknown;
type Callback = (error: Error | null, value: unknown) => void;

export function patchRandomness(patcher: Patcher): void {
  patcher.wrap(crypto, {
    randomBytes: bytes,
    pseudoRandomBytes: bytes,
    rng: bytes,
    prng: bytes,
    randomFillSync: fillSync,
    randomFill: fill,
    randomInt: integer,
    randomUUID: uuid,
    getRandomValues: values,
  });
  patcher.wrap(Object.getPrototypeOf(crypto.webcrypto) as object, { getRandomValues: values, randomUUID: uuid });
}

/**
 * Lets Node check the arguments, and everything else; then puts octets of the seed in the place of the system's.
 *
 * @param octets where `real` has left them, given what it returned
 */
function seeded(random: Random, octets: ArrayBufferView | ArrayBuffer): void {
  const view = ArrayBuffer.isView(octets)
    ? new Uint8Array(octets.buffer, octets.byteOffset, octets.byteLength)
    : new Uint8Array(octets);
  for (let i = 0; i < view.length; i += 4) {
    const draw = random.uint32();
    for (let k = 0; k < 4 && i + k < view.length; k++) view[i + k] = draw >>> (8 * k);
  }
}

function bytes(real: Real): Real {
  return function (size, callback) {
    const place = here();
    if (place === undefined) return callback === undefined ? real.call(this, size) : real.call(this, size, callback);
    const made = real.call(this, size) as Buffer;
    seeded(place.random, made);
    if (typeof callback !== 'function') return made;
    place.later(() => (callback as Callback)(null, made));
    return undefined;
  };
}

function fillSync(real: Real): Real {
  return function (target, ...range) {
    const place = here();
    real.call(this, target, ...range);
    if (place !== undefined) seeded(place.random, partOf(target as ArrayBufferView, range));
    return target;
  };
}

function fill(real: Real): Real {
  return function (target, ...rest) {
    const place = here();
    if (place === undefined) return real.call(this, target, ...rest);
    const callback = rest.pop() as Callback;
    if (typeof callback !== 'function') return real.call(this, target, ...rest, callback);
    crypto.randomFillSync(target as NodeJS.ArrayBufferView, ...(rest as [number?, number?]));
    place.later(() => callback(null, target));
    return undefined;
  };
}

/** What `randomFill(target, offset, size)` fills: both count in elements. */
function partOf(target: ArrayBufferView | ArrayBuffer, [offset = 0, size]: unknown[]): Uint8Array {
  const unit = (target as { BYTES_PER_ELEMENT?: number }).BYTES_PER_ELEMENT ?? 1;
  const [buffer, start] = ArrayBuffer.isView(target) ? [target.buffer, target.byteOffset] : [target, 0];
  const from = (offset as number) * unit;
  const length = size === undefined ? target.byteLength - from : (size as number) * unit;
  return new Uint8Array(buffer, start + from, length);
}

function integer(real: Real): Real {
  return function (...args) {
    const place = here();
    if (place === undefined) return real.apply(this, args);
    const callback = typeof args.at(-1) === 'function' ? (args.pop() as Callback) : undefined;
    // It says what is wrong with the bounds.
    real.apply(this, args);
    const [min, max] = args.length > 1 ? (args as [number, number]) : [0, args[0] as number];
    const drawn = min + wide(place.random, max - min);
    if (callback === undefined) return drawn;
    place.later(() => callback(null, drawn));
    return undefined;
  };
}

/** An integer in 0 .. n-1, where n may have 48 bits. */
function wide(random: Random, n: number): number {
  if (n <= 2 ** 32) return below(random, n);
  const limit = 2 ** 48 - (2 ** 48 % n);
  for (;;) {
    const drawn = (random.uint32() >>> 16) * 2 ** 32 + random.uint32();
    if (drawn < limit) return drawn % n;
  }
}

function uuid(real: Real): Real {
  return function (...args) {
    const place = here();
    const made = real.apply(this, args);
    if (place === undefined) return made;
    const octets = Buffer.alloc(16);
    seeded(place.random, octets);
    octets[6] = (octets[6]! & 0x0f) | 0x40;
    octets[8] = (octets[8]! & 0x3f) | 0x80;
    return octets.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  };
}

function values(real: Real): Real {
  return function (target) {
    const place = here();
    const filled = real.call(this, target);
    if (place !== undefined) seeded(place.random, target as ArrayBufferView);
    return filled;
  };
}
