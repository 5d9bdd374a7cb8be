/** Owns: a thread made ready for many simulations, and what goes wrong in it while none is under way. */

import { guarding } from '../../node/sim/guard.ts';
import { NodeSimulation } from '../../node/sim/index.ts';

/** Calls that an error remembers: from the stack's inside out to the scenario there are more than the usual ten. */
const DEEP_STACKS = 50;

/**
 * What simulations replace in Node stays replaced until `close`, and is not replaced anew for each of them; errors remember where in
 * the scenario they come from.
 */
export class Readiness {
  readonly #simulation: NodeSimulation = new NodeSimulation({ seed: 0 });
  readonly #usual: number = Error.stackTraceLimit;
  readonly #strays: string[] = [];
  readonly #stray = (error: unknown): void => {
    if (guarding()) return;
    this.#strays.push(error instanceof Error ? `${error.stack}` : `thrown: ${String(error)}`);
  };

  constructor() {
    Error.stackTraceLimit = DEEP_STACKS;
    process.on('uncaughtException', this.#stray).on('unhandledRejection', this.#stray);
  }

  /** What was thrown since the last call by what a run has left behind, when it was over. */
  takeStrays(): string[] {
    return this.#strays.splice(0);
  }

  async close(): Promise<void> {
    Error.stackTraceLimit = this.#usual;
    process.off('uncaughtException', this.#stray).off('unhandledRejection', this.#stray);
    await this.#simulation.close();
  }
}
