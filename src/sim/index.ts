/** Networks on virtual time: `tsyn/sim`. */
export type { CaptureSink, SeenPacket } from './capture.ts';
export * from './errors.ts';
export { type FaultWordsOptions, faultWords, type LinkNames } from './fault-words.ts';
export type { Goal } from './goal.ts';
export { type HostOptions, SimHost } from './host.ts';
export { type LinkDirection, type LinkEnd, SimLink, type WayCounters } from './link.ts';
export type { LinkOptions, QueueOptions, WayOptions } from './link-options.ts';
export { type Minimised, type MinimiseOptions, minimise } from './minimise.ts';
export { type NatMapping, type NatOptions, NatSide, SimNat } from './nat.ts';
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
export * from './scenario.ts';
export type { Attachment, Segment } from './segment.ts';
export { type Appointment, type Joinable, Simulation, type SimulationOptions, simulate } from './simulation.ts';
export { SimSwitch } from './switch.ts';
export { type Wire, type WireOptions, World, type WorldOptions } from './world.ts';
