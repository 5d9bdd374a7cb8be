/** Networks on virtual time with programs of Node on their hosts: `tsyn/sim` in Node. */
export * from '../../sim/index.ts';
export { AppHost } from '../../web/sim/host.ts';
export { AppSimulation } from '../../web/sim/simulation.ts';
export type { Sockets } from '../../web/sockets.ts';
export type { Net } from '../net/create.ts';
export { NodeHost } from './host.ts';
export { runScenario } from './scenarios.ts';
export { NodeSimulation, type NodeSimulationOptions, simulate } from './simulation.ts';
