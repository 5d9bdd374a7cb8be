/**
 * Owns: the error of a simulation: a topology that cannot be, a goal that was not reached, a call at the wrong moment.
 */

/**
 * - `ERR_SIM_TOPOLOGY`: hosts, links or addresses that cannot be as asked: a name twice, a link to itself, no path.
 * - `ERR_SIM_GOAL`: `runUntil` came to its limit, or nothing was left to happen; the message says what everybody waited for.
 * - `ERR_SIM_STATE`: a call that the thing's state does not allow: to restart a host that is up.
 * - `ERR_SIM_UNCAUGHT`: an application on a host threw what nobody caught, or a promise of it was rejected and nobody looked.
 * - `ERR_SIM_REAL_IO`: an application waits for something real, for longer than it may.
 * - `ERR_SIM_LIVELOCK`: there is always something more to do at this instant.
 * - `ERR_OUT_OF_RANGE`: a number that makes no sense: a negative rate, a probability above 1, a time that has passed.
 */
export type SimulationErrorCode =
  | 'ERR_SIM_TOPOLOGY'
  | 'ERR_SIM_GOAL'
  | 'ERR_SIM_STATE'
  | 'ERR_SIM_UNCAUGHT'
  | 'ERR_SIM_REAL_IO'
  | 'ERR_SIM_LIVELOCK'
  | 'ERR_OUT_OF_RANGE';

/** What else an error says. */
export interface SimulationErrorDetails extends ErrorOptions {
  /** The simulation's seed. */
  readonly seed?: number;
  /** Virtual time, ms. */
  readonly time?: number;
}

export class SimulationError extends Error {
  override readonly name = 'SimulationError';
  readonly code: SimulationErrorCode;
  declare readonly seed?: number;
  declare readonly time?: number;

  constructor(code: SimulationErrorCode, message: string, details: SimulationErrorDetails = {}) {
    const { cause, ...rest } = details;
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    Object.assign(this, rest);
  }
}

/** An ERR_SIM_TOPOLOGY. */
export function impossible(message: string): SimulationError {
  return new SimulationError('ERR_SIM_TOPOLOGY', message);
}

/** An ERR_OUT_OF_RANGE that names the value. */
export function outOfRange(name: string, value: unknown, range: string): SimulationError {
  return new SimulationError('ERR_OUT_OF_RANGE', `${name} is ${String(value)}; it must be ${range}`);
}
