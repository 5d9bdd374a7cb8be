/**
 * Owns: the settings of an impaired direction, their ranges, and what it counts. The machinery is in `impair.ts` and
 * `lane.ts`.
 */

/** What happens to packets in one direction. All probabilities are 0 .. 1, all times ms. */
export interface Impairment {
  /** Probability that a packet is lost. */
  readonly loss: number;
  /**
   * Packets lost in a row on the average, where losses come in bursts: from 1 on, 1 for losses independent of each other.
   * The channel of Gilbert (1960) with two states: in the bad one everything is lost, in the good one nothing, and
   * `loss` is the share of packets that meet the bad one.
   */
  readonly lossBurst: number;
  /** Time on the way. */
  readonly delay: number;
  /** A packet is late by up to this in addition, evenly spread; packets may overtake each other then. */
  readonly jitter: number;
  /** Probability that a packet arrives twice. */
  readonly duplicate: number;
  /** Probability that a packet is late by `reorderDelay`, so that later ones overtake it ... */
  readonly reorder: number;
  readonly reorderDelay: number;
  /** ... and by up to this in addition, evenly spread. */
  readonly reorderJitter: number;
  /** Probability that one bit of a packet is flipped. */
  readonly corrupt: number;
  /** Bits per second, counting the octets of IP packets; `Infinity` for no limit. */
  readonly rate: number;
  /** Packets waiting for or in transmission at `rate`, at most; more are dropped. */
  readonly queuePackets: number;
  /** Octets of IP packets, likewise. */
  readonly queueBytes: number;
  /**
   * Which packets of the queue are dropped: those that come when it is full, or before that by CoDel (RFC 8289), some of those that
   * have waited too long.
   */
  readonly discipline: 'tail-drop' | 'codel';
  /** For CoDel: packets may wait so long ... */
  readonly codelTarget: number;
  /** ... and longer for this time, before one is dropped. */
  readonly codelInterval: number;
}

/** A perfect direction. The queue's bound matters only with a `rate`. */
export const UNIMPAIRED: Impairment = {
  loss: 0,
  lossBurst: 1,
  delay: 0,
  jitter: 0,
  duplicate: 0,
  reorder: 0,
  reorderDelay: 10,
  reorderJitter: 0,
  corrupt: 0,
  rate: Infinity,
  queuePackets: 1000,
  queueBytes: Infinity,
  discipline: 'tail-drop',
  codelTarget: 5,
  codelInterval: 100,
};

/** A setting that makes no sense. `code` is `ERR_OUT_OF_RANGE`. */
export class ImpairmentError extends RangeError {
  readonly code = 'ERR_OUT_OF_RANGE';
  override readonly name = 'ImpairmentError';
  readonly setting: keyof Impairment;
  readonly value: unknown;
  /** What it must be, in words. */
  readonly range: string;

  constructor(setting: keyof Impairment, value: unknown, range: string) {
    super(`${setting} is ${value}; it must be ${range}`);
    this.setting = setting;
    this.value = value;
    this.range = range;
  }
}

/**
 * `base` with some settings changed.
 *
 * @throws ImpairmentError when a probability is not 0 .. 1, a time is negative or endless, a rate or bound not positive,
 *   a discipline unknown, or a burst shorter than one packet or too long for the loss asked for
 */
export function withChanges(base: Impairment, changes: Partial<Impairment>): Impairment {
  const result = { ...base, ...changes };
  for (const key of ['loss', 'duplicate', 'reorder', 'corrupt'] as const) {
    if (!(result[key] >= 0 && result[key] <= 1)) refuse(key, result[key], '0 .. 1');
  }
  for (const key of ['delay', 'jitter', 'reorderDelay', 'reorderJitter'] as const) {
    if (!(result[key] >= 0 && result[key] < Infinity)) refuse(key, result[key], '>= 0 ms');
  }
  for (const key of ['rate', 'queuePackets', 'queueBytes'] as const) {
    if (!(result[key] > 0)) refuse(key, result[key], '> 0');
  }
  for (const key of ['codelTarget', 'codelInterval'] as const) {
    if (!(result[key] > 0 && result[key] < Infinity)) refuse(key, result[key], '> 0 ms');
  }
  if (result.discipline !== 'tail-drop' && result.discipline !== 'codel') {
    refuse('discipline', result.discipline, "'tail-drop' or 'codel'");
  }
  const { loss, lossBurst } = result;
  if (!(lossBurst >= 1 && lossBurst < Infinity)) refuse('lossBurst', lossBurst, '>= 1');
  // Between two runs of lost packets at least one is not lost.
  if (lossBurst > 1 && loss > lossBurst / (lossBurst + 1)) {
    refuse('loss', loss, `<= ${lossBurst / (lossBurst + 1)} where ${lossBurst} packets are lost in a row`);
  }
  return result;
}

function refuse(setting: keyof Impairment, value: unknown, range: string): never {
  throw new ImpairmentError(setting, value, range);
}

/** The fates of packets in one direction, counted. */
export interface FateCounters {
  /** Came in. */
  offered: number;
  /** Went out at the other side: released, injected and duplicates included. */
  delivered: number;
  /** Lost by chance. */
  lost: number;
  /** Dropped by choice: `drop`, or from a hold. */
  dropped: number;
  /** Dropped because the queue of the rate limit, or of a hold, or of the delay was full. */
  overflowed: number;
  /** Dropped by CoDel because packets waited too long. */
  thinned: number;
  duplicated: number;
  reordered: number;
  corrupted: number;
  held: number;
  released: number;
  injected: number;
  /** Dropped because nobody was attached, or the link closed. */
  undelivered: number;
}

export function fateCounters(): FateCounters {
  return {
    offered: 0,
    delivered: 0,
    lost: 0,
    dropped: 0,
    overflowed: 0,
    thinned: 0,
    duplicated: 0,
    reordered: 0,
    corrupted: 0,
    held: 0,
    released: 0,
    injected: 0,
    undelivered: 0,
  };
}
