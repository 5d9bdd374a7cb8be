/** Networks on virtual time: `tsyn/sim`. */
export * from './errors.ts';
export type { Goal } from './goal.ts';
export { type HostOptions, SimHost } from './host.ts';
export { type LinkDirection, type LinkEnd, SimLink, type WayCounters } from './link.ts';
export type { LinkOptions, QueueOptions, WayOptions } from './link-options.ts';
export {
  type ChanceFault,
  checkPlan,
  type Fault,
  FaultBook,
  type FaultBookOptions,
  type FaultPlan,
  type FaultRecord,
  PlanError,
} from './plan.ts';
export type { Attachment, Segment } from './segment.ts';
export { type Appointment, type Joinable, Simulation, type SimulationOptions, simulate } from './simulation.ts';
export { SimSwitch } from './switch.ts';
export { type Wire, type WireOptions, World, type WorldOptions } from './world.ts';
