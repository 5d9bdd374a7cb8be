/**
 * Owns: scenarios in Node: those that only use the hosts' stacks, and are over when the call returns, as well as those in which
 * programs run. Leaves to others: what a scenario and its outcome are (`sim/scenario.ts`).
 */

import {
  type Outcome,
  type RunScenarioOptions,
  type Scenario,
  type SimulationMaker,
  tellScenario,
} from '../../sim/scenario.ts';
import { guarded } from './guard.ts';
import { NodeSimulation } from './simulation.ts';

/** Real time that a scenario may wait outside of its simulation, ms. */
const PATIENCE = 10_000;

/** Simulations in Node, one after the other. */
export const NODE_MAKER: SimulationMaker<NodeSimulation> = {
  make({ trace, capture, plan, ...settings }) {
    return new NodeSimulation({
      ...settings,
      ...(trace === null ? {} : { trace }),
      ...(capture === null ? {} : { capture }),
      ...(plan === null ? {} : { plan }),
    });
  },
  tell(sim, scenario) {
    // An async function has time and chance of its own, which are to be virtual; any other stays as fast as it can be.
    const tell = (): void | Promise<void> => scenario.run(sim);
    return guarded(() => (isAsync(scenario.run) ? sim.inside(tell) : tell()), {
      running: () => sim.running,
      patience: PATIENCE,
    });
  },
  now: (sim) => sim.now,
  faults: (sim) => sim.faults.records,
  links: (sim) => sim.links.map(({ name, ends }) => ({ name, ends: [ends[0].name, ends[1].name] as const })),
  end: (sim) => sim.close(),
};

function isAsync(run: unknown): boolean {
  return Object.prototype.toString.call(run) === '[object AsyncFunction]';
}

/**
 * Runs a scenario with one seed. What it throws is in the outcome.
 *
 * @example
 * const { passed, failure, faults } = await runScenario(scenario, 17, { record: true });
 */
export function runScenario(
  scenario: Scenario<NodeSimulation>,
  seed: number,
  options: RunScenarioOptions = {},
): Promise<Outcome> {
  return tellScenario(scenario, seed, NODE_MAKER, options);
}
