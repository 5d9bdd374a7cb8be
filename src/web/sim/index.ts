/** Networks on virtual time with applications on their hosts: `tsyn/sim` where there is only the web platform. */
export * from '../../sim/index.ts';
export type { Sockets } from '../sockets.ts';
export { AppHost } from './host.ts';
export { AppSimulation, simulate } from './simulation.ts';
