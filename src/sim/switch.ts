/**
 * Owns: a switch of a simulation: a name, its ports, and the segment it is part of.
 */

import type { Packet } from '../link/packet.ts';
import type { EthernetSwitch } from '../link/switch.ts';
import type { Port } from './port.ts';
import type { Segment } from './segment.ts';

export class SimSwitch {
  readonly name: string;
  /** What it has learnt, what it has flooded. */
  readonly ethernet: EthernetSwitch;
  /** Grows as switches are joined; for the simulation. */
  segment: Segment;

  /** For `Simulation.switch`. */
  constructor(name: string, ethernet: EthernetSwitch, segment: Segment) {
    this.name = name;
    this.ethernet = ethernet;
    this.segment = segment;
  }

  /** Plugs the end of a link in. */
  plug(port: Port): void {
    const socket = this.ethernet.addPort();
    const send = (packet: Packet): void => socket.send(packet);
    port.attach({ packet: send, burstEnd: () => {} });
    socket.attach({ packet: (packet) => port.send(packet), burstEnd: () => {} });
  }
}
