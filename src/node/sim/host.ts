/**
 * Owns: a host of a simulation that programs of Node can run on: `net` of its own, and a place for code, in which time, chance, names and
 * sockets are the host's. A crash ends the place: timers are gone, and what was on its way to the program is never told. A restart
 * begins a new one.
 */

import type { HostOptions } from '../../sim/host.ts';
import { AppHost } from '../../web/sim/host.ts';
import type { Sockets } from '../../web/sockets.ts';
import { createNet, type Net } from '../net/create.ts';
import { forgetConnections, freeParsers } from './patch-http.ts';
import { lookupOn } from './patch-names.ts';
import { type Place, runAt } from './place.ts';
import { forgetWork } from './real-work.ts';
import type { NodeSimulation } from './simulation.ts';

export class NodeHost extends AppHost {
  declare readonly simulation: NodeSimulation;
  #place: Place | null = null;

  constructor(simulation: NodeSimulation, name: string, options: HostOptions = {}) {
    super(simulation, name, options);
    this.onCrash(() => {
      const place = this.#place;
      this.#place = null;
      if (place === null) return;
      place.end();
      forgetWork((other) => other === place);
      forgetConnections(place);
      freeParsers(this.stack);
    });
  }

  /** Node's `net`, on the stack that the host has at present; names are those of the simulation's hosts. */
  get net(): Net {
    return this.place.net!;
  }

  /**
   * Runs code as if it were on this host, and all that follows from it: timers, `Date`, `Math.random`, `crypto`'s randomness, `net`, `dns.lookup` and
   * what is built on them are the host's there. What it returns, or throws, is returned, or thrown. What is thrown later and caught by
   * nobody fails the run of the simulation: ERR_SIM_UNCAUGHT.
   *
   * @throws SimulationError ERR_SIM_STATE while the host is down
   */
  run<Result>(program: () => Result): Result {
    return runAt(this.place, program);
  }

  /** Where the code of its present life runs. @throws SimulationError ERR_SIM_STATE */
  get place(): Place {
    if (this.#place !== null) return this.#place;
    this.#place = this.simulation.newPlace(this);
    this.#place.net = this.#makeNet(this.#place);
    return this.#place;
  }

  override waitsFor(): readonly string[] {
    return this.#place === null ? [] : this.#place.waitsFor();
  }

  protected override makeSockets(): Sockets {
    return runAt(this.place, () => super.makeSockets());
  }

  #makeNet(place: Place): Net {
    // What sockets tell is told on this host, whoever began it.
    return runAt(place, () => createNet(this.stack, { lookup: lookupOn(place), post: (turn) => place.post(turn) }));
  }
}
