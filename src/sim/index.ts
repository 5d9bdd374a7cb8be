/** Hosts on virtual time: `tsyn/sim`. */
export { type Wire, type WireOptions, World, type WorldOptions } from './world.ts';
