/** Hosts on virtual time: `tsyn/sim`. */
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
export { type Wire, type WireOptions, World, type WorldOptions } from './world.ts';
