/**
 * Owns: a simulation on whose hosts programs of Node run unchanged. Leaves to others: what happens when (`web/sim/`), what of Node is
 * replaced meanwhile (`patches.ts`).
 */

import { performance } from 'node:perf_hooks';
import timers from 'node:timers';
import { outOfRange, SimulationError } from '../../sim/errors.ts';
import type { HostOptions, SimHost } from '../../sim/host.ts';
import type { SimulationOptions } from '../../sim/simulation.ts';
import { AppSimulation } from '../../web/sim/simulation.ts';
import { leaveFastClocks } from './fast-clock.ts';
import { NodeHost } from './host.ts';
import { install, uninstall } from './patches.ts';
import { nothingRuns, Place, runAt, runOutside, type Surroundings } from './place.ts';
import { forgetWork, realWork, unwatchRealWork, type Work, watchRealWork } from './real-work.ts';

/** As Node has them, whoever replaces them later. */
const { setImmediate: soon, setTimeout: afterReal } = timers;
const realNow: () => number = performance.now.bind(performance);

/** So often real work is looked after at every turn of the event loop; then only every millisecond. */
const EAGER_LOOKS = 100;

export interface NodeSimulationOptions extends SimulationOptions {
  /** What `Date` says at virtual time 0, ms since 1970: the first moment of 2025 by default. */
  readonly epoch?: number;
  /** How long virtual time may stand still while an application waits for something real, ms of real time: 10,000 by default. */
  readonly realTimeLimit?: number;
}

const EPOCH = 1_735_689_600_000;

export class NodeSimulation extends AppSimulation {
  readonly #surroundings: Surroundings;
  /** Of code that is in the simulation and on no host. */
  readonly #place: Place;
  readonly #realTimeLimit: number;
  /** Since when time stands still for real work, in real ms; null where it does not. */
  #still: number | null = null;
  #looks = 0;

  constructor(options: NodeSimulationOptions) {
    super(options);
    const { epoch = EPOCH, realTimeLimit = 10_000 } = options;
    if (!Number.isFinite(epoch)) throw outOfRange('epoch', epoch, 'a time in ms');
    if (!(realTimeLimit > 0)) throw outOfRange('realTimeLimit', realTimeLimit, 'a positive number of ms');
    this.#realTimeLimit = realTimeLimit;
    this.#surroundings = {
      scheduler: this.scheduler,
      epoch,
      idlers: 0,
      post: (turn) => this.post(turn),
      fail: (error, place) => this.#uncaught(error, place),
      resolve: (name) => this.addressesOf(name),
    };
    this.#place = new Place(this.#surroundings, null, this.labelled('program'));
    install();
    watchRealWork();
  }

  override host(name: string, options: HostOptions = {}): NodeHost {
    return super.host(name, options) as NodeHost;
  }

  override router(name: string, options: HostOptions = {}): NodeHost {
    return super.router(name, options) as NodeHost;
  }

  /** Runs code that is on no host, but in virtual time. What it returns, or throws, is returned, or thrown. */
  inside<Result>(program: () => Result): Result {
    this.applied();
    return runAt(this.#place, program);
  }

  /** For hosts: a place for the life that begins now. */
  newPlace(host: NodeHost): Place {
    const { seed, now: time } = this;
    if (this.closed) throw new SimulationError('ERR_SIM_STATE', 'the simulation is closed', { seed, time });
    if (!host.isUp) throw new SimulationError('ERR_SIM_STATE', `host '${host.name}' is down`, { seed, time });
    this.applied();
    return new Place(this.#surroundings, host.name, this.labelled(`program ${host.name} ${host.incarnation}`));
  }

  override async close(): Promise<void> {
    if (this.closed) return;
    try {
      await super.close();
    } finally {
      this.#place.end();
      leaveFastClocks(this.#surroundings);
      forgetWork((place) => place === this.#place);
      unwatchRealWork();
      uninstall();
    }
  }

  protected override createHost(name: string, options: HostOptions): SimHost {
    return new NodeHost(this, name, options);
  }

  protected override macrotask(run: () => void): void {
    runOutside(() =>
      soon(() => {
        nothingRuns();
        run();
      }),
    );
  }

  protected override enter(event: () => void): void {
    this.#place.guard(() => runAt(this.#place, event));
  }

  protected override busy(): boolean {
    const work = realWork((place) => place.surroundings === this.#surroundings);
    if (work === undefined) {
      this.#still = null;
      this.#looks = 0;
      return false;
    }
    this.#still ??= realNow();
    if (realNow() - this.#still < this.#realTimeLimit) return true;
    this.#still = null;
    throw this.#tooReal(work);
  }

  protected override wait(run: () => void): void {
    if (this.#looks++ < EAGER_LOOKS) this.macrotask(run);
    else runOutside(() => afterReal(run, 1));
  }

  #tooReal({ type, place, begun }: Work): SimulationError {
    const { seed, now: time } = this;
    const where = place.name === null ? '' : ` on host '${place.name}'`;
    const message =
      `time has stood still at ${time} ms for ${this.#realTimeLimit} ms of real time (seed ${seed}): ` +
      `something real is under way${where}, ${type}, begun\n${begun}`;
    return new SimulationError('ERR_SIM_REAL_IO', message, { seed, time });
  }

  protected override get idlers(): number {
    return this.#surroundings.idlers;
  }

  #uncaught(cause: unknown, { name }: Place): void {
    if (cause instanceof SimulationError) {
      this.fail(cause);
      return;
    }
    const { seed, now: time } = this;
    const where = name === null ? 'in the simulation' : `on host '${name}'`;
    const what = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
    const message = `uncaught ${where} at ${time} ms (seed ${seed}): ${what}`;
    this.fail(new SimulationError('ERR_SIM_UNCAUGHT', message, { seed, time, cause }));
  }
}

/**
 * Makes a simulation on whose hosts programs of Node run unchanged. Close it when done, or have it closed by `await using`: until then Node's
 * timers, clocks, randomness, `net` and `dns.lookup` are replaced by such as ask which host the caller is on.
 *
 * @example
 * const sim = simulate({ seed: 1 });
 * const [server, client] = [sim.host('server'), sim.host('client')];
 * sim.link(client, server, { latency: 20 });
 * server.run(() => http.createServer((request, response) => response.end('hello')).listen(80));
 * const answer = await sim.until(client.run(() => fetch('http://server/')));
 * await sim.close();
 *
 * @throws SimulationError ERR_OUT_OF_RANGE when the seed is not an integer
 */
export function simulate(options: NodeSimulationOptions): NodeSimulation {
  return new NodeSimulation(options);
}
