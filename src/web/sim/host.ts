/**
 * Owns: a host of a simulation with sockets for applications: those of WinterTC's API. After a crash they are never heard of again: their
 * promises stay as they are, as a program that is gone settles nothing.
 */

import type { HostOptions } from '../../sim/host.ts';
import { SimHost } from '../../sim/host.ts';
import { createSockets, type Sockets } from '../sockets.ts';
import type { AppSimulation } from './simulation.ts';

export class AppHost extends SimHost {
  declare readonly simulation: AppSimulation;
  #sockets: Sockets | null = null;

  constructor(simulation: AppSimulation, name: string, options: HostOptions = {}) {
    super(simulation, name, options);
    this.onCrash(() => {
      this.#sockets = null;
    });
  }

  /** `connect` and `listen`, on the stack that the host has at present; names are those of the simulation's hosts. */
  get sockets(): Sockets {
    this.simulation.applied();
    this.#sockets ??= this.makeSockets();
    return this.#sockets;
  }

  /** Sockets on the host's stack. */
  protected makeSockets(): Sockets {
    const { simulation, stack } = this;
    return createSockets(stack, {
      resolve: (name) => simulation.addressesOf(name),
      later: (run) => simulation.post(() => (stack.closed ? undefined : run())),
    });
  }
}
