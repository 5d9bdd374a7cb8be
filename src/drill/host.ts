/**
 * Owns: the host under test: a stack on virtual time whose one interface is the script's device.
 */

import { SeededRandom } from '../base/random.ts';
import { Scheduler } from '../base/scheduler.ts';
import { PacketPool } from '../link/packet.ts';
import { createStack, type Interface, type PartialConfig, type Stack } from '../stack/index.ts';
import type { CongestionController, TcpOptions } from '../tcp/index.ts';
import type { TraceSink } from '../trace/events.ts';
import { Device } from './device.ts';

/** Which packets, and which sockets: 'mapped' is sockets of IPv6 with IPv4 packets. */
export type IpVersion = 'ipv4' | 'ipv6' | 'mapped';

export interface HostSettings {
  readonly ip: IpVersion;
  readonly mtu: number;
  readonly localAddress: string;
  readonly remoteAddress: string;
  readonly config: PartialConfig;
  readonly options: Partial<TcpOptions>;
  readonly controllers: Readonly<Record<string, CongestionController>>;
  readonly trace: TraceSink | null;
}

export class Host {
  readonly scheduler: Scheduler = new Scheduler();
  readonly device: Device;
  readonly stack: Stack;
  readonly #interface: Interface;
  /** The destination of the one route. */
  readonly #everywhere: string;

  constructor(settings: HostSettings) {
    const pool = new PacketPool();
    this.device = new Device(this.scheduler, pool, settings.mtu);
    this.stack = createStack({
      name: 'host',
      scheduler: this.scheduler,
      random: new SeededRandom(1),
      pool,
      config: settings.config,
      tcp: settings.options,
      controllers: settings.controllers,
      trace: settings.trace,
    });
    const six = settings.ip === 'ipv6';
    this.#everywhere = six ? '::/0' : '0.0.0.0/0';
    this.#interface = this.stack.addInterface({
      link: this.device,
      name: 'tun0',
      addresses: [`${settings.localAddress}/${six ? 64 : 16}`],
    });
    this.stack.addRoute({ destination: this.#everywhere, interface: this.#interface });
  }

  /** The route to the peer carries packets of so many octets. */
  setRouteMtu(mtu: number): void {
    this.stack.removeRoute(this.#everywhere);
    this.stack.addRoute({ destination: this.#everywhere, interface: this.#interface, mtu });
  }

  /** Virtual time, ms. */
  get now(): number {
    return this.scheduler.now;
  }

  /** Lets everything happen that is due at this instant. */
  settle(): void {
    this.scheduler.runDue(this.now);
  }

  /**
   * Goes on to the next instant at which something is due, or to `limit` (ms) if that is earlier, and lets happen what is due
   * there.
   *
   * @returns whether anything was due by then
   */
  step(limit: number): boolean {
    const next = this.scheduler.next();
    if (next === Infinity || next > limit) {
      if (limit > this.now && limit !== Infinity) this.scheduler.runUntil(limit);
      return false;
    }
    this.scheduler.runDue(next);
    return true;
  }

  close(): void {
    this.stack.close();
  }
}
