/**
 * Owns: a NAT of a simulation: a router whose outside link translates, and its two sides, which links are made to. Leaves to
 * others: translation (`link/nat.ts`).
 */

import type { Link } from '../link/link.ts';
import { type NatDrop, NatLink } from '../link/nat.ts';
import { DEFAULT_NAT_LIMITS, type NatLimits } from '../link/nat-table.ts';
import { Address, formatAddress } from '../wire/address.ts';
import { PROTO_TCP, PROTO_UDP } from '../wire/ipv4.ts';
import { impossible, outOfRange } from './errors.ts';
import { type HostOptions, type Place, SimHost } from './host.ts';
import type { Simulation } from './simulation.ts';

export interface NatOptions extends HostOptions, Partial<NatLimits> {}

/** One line of a NAT's table. */
export interface NatMapping {
  readonly protocol: 'tcp' | 'udp' | 'icmp';
  /** `10.0.0.1:49152`; for echo requests their identifier stands for the port. */
  readonly inside: string;
  /** The port, or identifier, outside. */
  readonly outside: number;
}

/** A side of a NAT: what a link can be made to. */
export class NatSide {
  readonly host: SimNat;
  readonly side: 'inside' | 'outside';

  constructor(host: SimNat, side: 'inside' | 'outside') {
    this.host = host;
    this.side = side;
  }

  get name(): string {
    return `${this.host.name}.${this.side}`;
  }
}

export class SimNat extends SimHost {
  /** Any number of links lead inside, one leads outside. */
  readonly inside: NatSide = new NatSide(this, 'inside');
  readonly outside: NatSide = new NatSide(this, 'outside');
  readonly #limits: NatLimits;
  #link: NatLink | null = null;

  /** For `Simulation.nat`. @throws SimulationError ERR_OUT_OF_RANGE */
  constructor(simulation: Simulation, name: string, options: NatOptions) {
    const limits = { ...DEFAULT_NAT_LIMITS };
    const host: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(options)) {
      if (!Object.hasOwn(limits, key)) host[key] = value;
      else if (!(value > 0)) throw outOfRange(`nat '${name}': ${key}`, value, '> 0');
      else limits[key as keyof NatLimits] = value;
    }
    super(simulation, name, host);
    this.#limits = limits;
  }

  /** The mappings there are. */
  get mappings(): readonly NatMapping[] {
    return [...(this.#link?.table.mappings ?? [])].map(({ protocol, address, port, outside }) => ({
      protocol: protocol === PROTO_TCP ? 'tcp' : protocol === PROTO_UDP ? 'udp' : 'icmp',
      inside: `${formatAddress(new Address(4, 0, 0, 0xffff, address))}:${port}`,
      outside,
    }));
  }

  /** Packets that did not pass, by reason. */
  get drops(): Readonly<Record<NatDrop, number>> | null {
    return this.#link === null ? null : { ...this.#link.drops };
  }

  /** Forgets all mappings, as after a loss of power: who sends again gets another port, and what comes for old ones is dropped. */
  rebind(): void {
    this.#link?.rebind();
    this.simulation.note(`${this.name} forgets its mappings`);
  }

  override wrap(place: Place): Link {
    if (place.side !== 'outside') return place.port;
    const address = place.prefixes.find((prefix) => prefix.address.family === 4)?.address;
    if (address === undefined) throw impossible(`'${this.name}' needs an IPv4 address outside`);
    const { scheduler, pool, trace } = this.simulation;
    const random = this.simulation.labelled(`nat ${this.name} ${this.incarnation}`);
    this.#link = new NatLink(place.port, scheduler, pool, {
      address,
      random,
      limits: this.#limits,
      name: this.name,
      trace,
    });
    return this.#link;
  }
}
