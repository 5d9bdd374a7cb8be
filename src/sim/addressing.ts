/**
 * Owns: which addresses a simulation gives out. Every link between two hosts is a network of its own, 10.0.0.0/30 and
 * fd00::/64, then 10.0.0.4/30 and fd00:0:0:1::/64, ...; the hosts at a switch share one, 10.128.0.0/20 and
 * fd01::/64, then 10.128.16.0/20 and fd01:0:0:1::/64, ...
 */

import { Address, formatAddress } from '../wire/address.ts';
import { impossible } from './errors.ts';

/** A network of both families, whose members are numbered from 1. */
export class Network {
  readonly #word4: number;
  readonly #length4: number;
  readonly #word6: number;
  readonly #number: number;
  #members = 0;

  constructor(word4: number, length4: number, word6: number, number: number) {
    this.#word4 = word4;
    this.#length4 = length4;
    this.#word6 = word6;
    this.#number = number;
  }

  /**
   * The next member's addresses: `['10.0.0.1/30', 'fd00::1/64']`, the first alone where IPv6 has no room (an MTU below 1280).
   *
   * @throws SimulationError ERR_SIM_TOPOLOGY when the network is full
   */
  join(ipv6: boolean): string[] {
    const member = this.#members + 1;
    if (member > (1 << (32 - this.#length4)) - 2)
      throw impossible(`a switch's network has ${this.#members} hosts already`);
    this.#members = member;
    const v4 = new Address(4, 0, 0, 0xffff, this.#word4 + member);
    const v6 = new Address(6, this.#word6, this.#number, 0, member);
    const both = [`${formatAddress(v4)}/${this.#length4}`];
    if (ipv6) both.push(`${formatAddress(v6)}/64`);
    return both;
  }
}

export class AddressPlan {
  #links = 0;
  #switches = 0;

  /** The network of one more link between two hosts. */
  link(): Network {
    if (this.#links >= 2_097_152) throw impossible('there are addresses for 2,097,152 links');
    const number = this.#links++;
    return new Network(0x0a000000 + number * 4, 30, 0xfd000000, number);
  }

  /** The network of one more switch. */
  switch(): Network {
    if (this.#switches >= 2048) throw impossible('there are addresses for 2048 switches');
    const number = this.#switches++;
    return new Network(0x0a800000 + number * 4096, 20, 0xfd010000, number);
  }
}
