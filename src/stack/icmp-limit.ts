/**
 * Owns: how many ICMP errors leave (RFC 1812 4.3.2.8, RFC 4443 2.4 (f)): one bucket for all destinations together, and
 * one of 256 for each destination by a keyed hash. Every message takes between one and two tokens of the common bucket
 * at random, so that counting the errors one gets does not tell how many others got (SAD DNS, CVE-2020-25705).
 */

import { unit } from '../base/random.ts';
import type { TableHash } from '../base/siphash.ts';
import type { Address } from '../wire/address.ts';
import { mixAddress, tableHash } from './keys.ts';
import type { Stack } from './stack.ts';
import { TokenBucket } from './token-bucket.ts';

const HOSTS = 256;

export class IcmpLimit {
  readonly #stack: Stack;
  readonly #hash: TableHash;
  readonly #all: TokenBucket;
  readonly #hosts: (TokenBucket | null)[] = new Array<TokenBucket | null>(HOSTS).fill(null);

  constructor(stack: Stack) {
    const { errorRate, errorBurst } = stack.config.icmp;
    this.#stack = stack;
    this.#hash = tableHash(stack.secret, 'icmpLimit');
    this.#all = new TokenBucket(errorRate, errorBurst);
  }

  /** Whether an error may go to `dst` now; if so it is counted as sent. */
  take(dst: Address): 'ok' | 'host' | 'global' {
    const { random, scheduler, config } = this.#stack;
    const slot = mixAddress(this.#hash.start(), dst).finish() & (HOSTS - 1);
    let host = this.#hosts[slot]!;
    if (host === null) {
      host = new TokenBucket(config.icmp.errorRatePerHost, config.icmp.errorBurstPerHost);
      this.#hosts[slot] = host;
    }
    if (!host.take(scheduler.now)) return 'host';
    return this.#all.take(scheduler.now, 1 + unit(random)) ? 'ok' : 'global';
  }
}
