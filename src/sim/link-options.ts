/**
 * Owns: the settings of a simulated link, their names, units and ranges. Leaves to others: what becomes of a packet
 * (`link/lane.ts`), whose settings these are translated to.
 */

import { type Impairment, ImpairmentError, UNIMPAIRED, withChanges } from '../link/impairment.ts';
import type { Offload } from '../link/link.ts';
import { invalidArgument } from '../stack/errors.ts';
import { outOfRange, SimulationError } from './errors.ts';

/** The queue before a link of limited bandwidth. */
export interface QueueOptions {
  /** Packets at most: 1000. */
  readonly packets?: number;
  /** Octets of IP packets at most: no bound. */
  readonly octets?: number;
  /** 'tail-drop': a full queue drops what comes. 'codel' (RFC 8289): what waits too long is thinned out before. */
  readonly discipline?: 'tail-drop' | 'codel';
  /** For 'codel': packets may wait so many ms: 5 ... */
  readonly target?: number;
  /** ... and longer than that for so many ms, before one is dropped: 100. */
  readonly interval?: number;
}

/** What a direction does to packets. What is left out is perfect: no time, no loss, no bound. */
export interface WayOptions {
  /** Time on the way, ms. */
  readonly latency?: number;
  /** A packet is late by up to so many ms in addition; packets may overtake each other then. */
  readonly jitter?: number;
  /** Bits per second, counting the octets of IP packets. */
  readonly bandwidth?: number;
  readonly queue?: QueueOptions;
  /** Probability that a packet is lost, 0 .. 1. */
  readonly loss?: number;
  /** Packets lost in a row on the average, from 1 (Gilbert's channel of two states). */
  readonly lossBurst?: number;
  /** Probability that a packet arrives twice. */
  readonly duplicate?: number;
  /** Probability that a packet is late by `reorderDelay` ms, 10 by default, and later ones overtake it. */
  readonly reorder?: number;
  readonly reorderDelay?: number;
  /** Probability that one bit of a packet is flipped. */
  readonly corrupt?: number;
  /**
   * Octets of the largest IP packet: 1500. When the link is made its user is told, and sends no larger ones; changed later it is
   * a black hole for what is larger.
   */
  readonly mtu?: number;
}

export interface LinkOptions extends WayOptions {
  /** In traces, errors and fault plans; the names of both ends by default. */
  readonly name?: string;
  /** 'ip' between hosts, where an Ethernet is possible too; always 'ethernet' at a switch. */
  readonly medium?: 'ip' | 'ethernet';
  /** Super-segments and checksums spared: none, so that faults hit real segments. */
  readonly offload?: Offload;
  /** Addresses with their prefixes of the first end and of the second, where the simulation should not choose. */
  readonly addresses?: readonly [readonly string[], readonly string[]];
  /** From the first end to the second, where that differs from both. */
  readonly forth?: WayOptions;
  /** From the second end to the first. */
  readonly back?: WayOptions;
}

const NAMES: readonly (readonly [keyof WayOptions, keyof Impairment])[] = [
  ['latency', 'delay'],
  ['jitter', 'jitter'],
  ['bandwidth', 'rate'],
  ['loss', 'loss'],
  ['lossBurst', 'lossBurst'],
  ['duplicate', 'duplicate'],
  ['reorder', 'reorder'],
  ['reorderDelay', 'reorderDelay'],
  ['corrupt', 'corrupt'],
];
const QUEUE_NAMES: readonly (readonly [keyof QueueOptions, keyof Impairment])[] = [
  ['packets', 'queuePackets'],
  ['octets', 'queueBytes'],
  ['discipline', 'discipline'],
  ['target', 'codelTarget'],
  ['interval', 'codelInterval'],
];
const WAY_KEYS: readonly string[] = [...NAMES.map(([name]) => name), 'queue', 'mtu'];
const LINK_KEYS: readonly string[] = [...WAY_KEYS, 'name', 'medium', 'offload', 'addresses', 'forth', 'back'];
const QUEUE_KEYS: readonly string[] = QUEUE_NAMES.map(([name]) => name);

/** Octets of the largest IP packet where nobody says otherwise. */
export const DEFAULT_MTU = 1500;

/** @throws TsynError ERR_INVALID_ARG_VALUE for a setting that nobody knows */
export function checkLinkKeys(options: LinkOptions, where: string): void {
  checkKeys(options, LINK_KEYS, where);
  for (const way of ['forth', 'back'] as const) checkWayKeys(options[way] ?? {}, `${where}.${way}`);
  if (options.queue !== undefined) checkKeys(options.queue, QUEUE_KEYS, `${where}.queue`);
}

/** The same for the settings of directions. */
export function checkWayKeys(options: WayOptions, where: string): void {
  checkKeys(options, WAY_KEYS, where);
  if (options.queue !== undefined) checkKeys(options.queue, QUEUE_KEYS, `${where}.queue`);
}

/** The settings of one direction: those of the link, and its own before them. */
export function wayOptions(options: LinkOptions, way: 'forth' | 'back'): WayOptions {
  return { ...options, ...options[way], queue: { ...options.queue, ...options[way]?.queue } };
}

/**
 * What of the settings the lane of a direction knows, in its words.
 *
 * @param base what holds where nothing is said
 * @param where for errors: `link 'a-b' forth`
 * @throws SimulationError ERR_OUT_OF_RANGE
 */
export function toImpairment(options: WayOptions, where: string, base: Impairment = UNIMPAIRED): Partial<Impairment> {
  const changes: { -readonly [K in keyof Impairment]?: unknown } = {};
  for (const [name, setting] of NAMES) if (options[name] !== undefined) changes[setting] = options[name];
  for (const [name, setting] of QUEUE_NAMES) {
    if (options.queue?.[name] !== undefined) changes[setting] = options.queue[name];
  }
  try {
    withChanges(base, changes as Partial<Impairment>);
  } catch (error) {
    if (!(error instanceof ImpairmentError)) throw error;
    throw new SimulationError(
      'ERR_OUT_OF_RANGE',
      `${where}: ${nameOf(error.setting)} is ${error.value}; it must be ${error.range}`,
    );
  }
  return changes as Partial<Impairment>;
}

/** @throws SimulationError ERR_OUT_OF_RANGE */
export function checkMtu(mtu: number, where: string): number {
  if (!Number.isInteger(mtu) || mtu < 68 || mtu > 65_535) {
    throw outOfRange(`${where}: mtu`, mtu, 'an integer from 68 (RFC 791) to 65535');
  }
  return mtu;
}

function nameOf(setting: keyof Impairment): string {
  const own = NAMES.find(([, known]) => known === setting)?.[0];
  if (own !== undefined) return own;
  const queue = QUEUE_NAMES.find(([, known]) => known === setting)?.[0];
  return queue === undefined ? setting : `queue.${queue}`;
}

function checkKeys(options: object, known: readonly string[], where: string): void {
  for (const [key, value] of Object.entries(options)) {
    if (!known.includes(key)) throw invalidArgument(`${where}.${key}`, value, `one of ${known.join(', ')}`);
  }
}
