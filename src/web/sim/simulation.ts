/**
 * Owns: a simulation with applications in it, which live on promises: running it takes macrotasks of the runtime's, so that those
 * settle between one event and the next.
 *
 * As long as no application was given a host, there is nothing to wait for: a run is over when the call returns, as that of
 * the simulation beneath. Leaves to others: the order of events (`loop.ts`), sockets (`host.ts`).
 */

/// <reference lib="esnext.disposable" preserve="true" />

import { SimulationError } from '../../sim/errors.ts';
import type { Goal } from '../../sim/goal.ts';
import type { HostOptions, SimHost } from '../../sim/host.ts';
import { Simulation, type SimulationOptions } from '../../sim/simulation.ts';
import { disposable } from '../settle.ts';
import { AppHost } from './host.ts';
import { VirtualLoop } from './loop.ts';
import { Macrotasks } from './macrotasks.ts';

export class AppSimulation extends Simulation {
  /** As `close()`; there where the runtime knows `Symbol.asyncDispose`. */
  declare readonly [Symbol.asyncDispose]: () => Promise<void>;
  readonly #loop: VirtualLoop;
  readonly #macrotasks: Macrotasks = new Macrotasks();
  #applied = false;
  #closed = false;

  constructor(options: SimulationOptions) {
    super(options);
    this.#loop = new VirtualLoop(this.scheduler, {
      macrotask: (run) => this.macrotask(run),
      enter: (event) => this.enter(event),
      busy: () => this.busy(),
      wait: (run) => this.wait(run),
      idlers: () => this.idlers,
    });
    disposable(this, () => this.close());
  }

  override host(name: string, options: HostOptions = {}): AppHost {
    return super.host(name, options) as AppHost;
  }

  override router(name: string, options: HostOptions = {}): AppHost {
    return super.router(name, options) as AppHost;
  }

  /**
   * Runs until `time` (virtual ms), or until nothing is left to happen but timers that nobody waits for.
   *
   * @throws (rejects) SimulationError ERR_SIM_UNCAUGHT when an application throws, ERR_SIM_REAL_IO, ERR_SIM_LIVELOCK, ERR_SIM_STATE when it
   *   runs already or is closed, ERR_OUT_OF_RANGE when the time has passed
   */
  override run(time: number = Infinity): Promise<void> {
    this.#checkOpen();
    if (this.#applied) return this.#runAll(time);
    super.run(time);
    return Promise.resolve();
  }

  /** Runs until `done` holds; it is asked after every event. Errors as for `run` and, if it never does, ERR_SIM_GOAL. */
  override runUntil(done: () => boolean, goal: Goal = {}): Promise<void> {
    this.#checkOpen();
    if (this.#applied) return this.#reach(done, goal);
    super.runUntil(done, goal);
    return Promise.resolve();
  }

  /**
   * Runs until a promise is settled, or a condition holds.
   *
   * @returns what the promise is fulfilled with
   * @throws (rejects) what the promise is rejected with; SimulationError ERR_SIM_GOAL when it is not settled within the limit (a virtual
   *   day), or can never be, because nothing is left to happen: the message says what every host waited for. Else as `run`
   */
  until<T>(what: PromiseLike<T>, goal?: Goal): Promise<T>;
  until(what: () => boolean, goal?: Goal): Promise<void>;
  async until(what: PromiseLike<unknown> | (() => boolean), goal: Goal = {}): Promise<unknown> {
    this.#checkOpen();
    if (typeof what === 'function') return this.#reach(what, goal);
    let settled = false;
    const settle = (): void => {
      settled = true;
    };
    what.then(settle, settle);
    await this.#reach(() => settled, goal);
    return what;
  }

  /** Has something run at this instant, in a macrotask of its own. */
  post(turn: () => void): void {
    this.#applied = true;
    this.#loop.post(turn);
  }

  /** From now on there is an application whose promises have to be waited for. */
  applied(): void {
    this.#applied = true;
  }

  /** Addresses of a host; none of a name that nobody has. */
  addressesOf(name: string): readonly string[] {
    return this.hosts.find((host) => host.name === name)?.addresses ?? [];
  }

  /** Whether virtual time is being driven, by a `run` or `until` that is not over. */
  get running(): boolean {
    return this.#loop.driving;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Ends it: hosts are no more, applications on them are never called again. Harmless when repeated.
   *
   * @throws (rejects) SimulationError ERR_SIM_UNCAUGHT with what an application threw since the last run
   */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const host of this.hosts) if (host.isUp) host.crash();
    this.#macrotasks.close();
    this.#loop.check();
  }

  protected override createHost(name: string, options: HostOptions): SimHost {
    return new AppHost(this, name, options);
  }

  // ---- What runtimes do differently ----

  /** Runs something after all that the runtime has in its queues. */
  protected macrotask(run: () => void): void {
    this.#macrotasks.post(run);
  }

  /** The same, while something real is waited for. */
  protected wait(run: () => void): void {
    this.macrotask(run);
  }

  /** Runs an event. */
  protected enter(event: () => void): void {
    event();
  }

  /** Whether time has to stand still. */
  protected busy(): boolean {
    return false;
  }

  /** Appointments that nobody waits for. */
  protected get idlers(): number {
    return 0;
  }

  /** Ends the run with an error. */
  protected fail(error: unknown): void {
    this.#loop.fail(error);
  }

  async #runAll(time: number): Promise<void> {
    this.checkTime(time);
    const late = time > this.deadline;
    const end = await this.#loop.drive(() => false, late ? this.deadline : time);
    if (late && (end === 'limit' || time !== Infinity)) {
      this.scheduler.runDue(this.deadline, 0);
      throw this.missed({ goal: 'the end' }, false);
    }
    if (end === 'limit' || time !== Infinity) this.scheduler.runDue(time, 0);
  }

  async #reach(done: () => boolean, goal: Goal): Promise<void> {
    const limit = this.begin(goal);
    this.#applied = true;
    const end = await this.#loop.drive(done, limit);
    if (end === 'done') return;
    if (end === 'limit') this.scheduler.runDue(limit, 0);
    throw this.missed(goal, end === 'idle');
  }

  #checkOpen(): void {
    if (this.#closed) throw new SimulationError('ERR_SIM_STATE', 'the simulation is closed', { seed: this.seed });
  }
}

/**
 * Makes a simulation whose hosts have sockets for applications.
 *
 * @throws SimulationError ERR_OUT_OF_RANGE when the seed is not an integer
 */
export function simulate(options: SimulationOptions): AppSimulation {
  return new AppSimulation(options);
}
