/** Owns: what is known of the gallery so far: its questions, results of searches, the search that runs. */

import { type Signal, signal } from '@preact/signals';
import type { StepRecord } from 'tsyn/check';
import type { Entry, Found, Played, Response } from '../gallery/messages.ts';
import { HOST } from '../gallery/messages.ts';
import { more } from '../words/index.ts';
import { listenTo, restart, send } from './background.ts';
import { language } from './store.ts';

export const entries: Signal<readonly Entry[]> = signal([]);
/** By the experiment's name. */
export const found: Signal<ReadonlyMap<string, Found>> = signal(new Map());
/** By the experiment's name, language, and whether it is the cure's. */
export const played: Signal<ReadonlyMap<string, Played>> = signal(new Map());

export interface Running {
  readonly experiment: string;
  readonly states: number;
  /** States a second. */
  readonly rate: number;
}

export const running: Signal<Running | null> = signal(null);

let begun = 0;
/** Experiments that are to be searched next. */
let waiting: readonly string[] = [];

export function beginGallery(): void {
  listenTo(({ gallery }) => {
    if (gallery !== undefined) take(gallery);
  });
}

/** Searches experiments one after the other; what is known already is not searched again. */
export function search(experiments: readonly string[]): void {
  if (running.value !== null) stop();
  waiting = experiments.filter((name) => !found.value.has(name));
  next();
}

/** Ends the search that runs, and forgets those that wait. */
export function stop(): void {
  waiting = [];
  if (running.value === null) return;
  running.value = null;
  restart();
}

function next(): void {
  const [experiment, ...rest] = waiting;
  if (experiment === undefined) return;
  waiting = rest;
  begun = performance.now();
  running.value = { experiment, states: 0, rate: 0 };
  send({ gallery: { ask: 'search', experiment } });
}

export function keyOf(experiment: string, cure: boolean): string {
  return `${experiment} ${language.value} ${cure ? 'cure' : ''}`;
}

/** Asks for the picture of a counter-example, in the language chosen. */
export function play(experiment: string, trace: readonly StepRecord[], cure: boolean): void {
  if (played.value.has(keyOf(experiment, cure))) return;
  const { why } = more.value;
  const notes = { crashes: why.crashes(HOST), forgets: why.forgets(HOST), reports: why.reports(HOST) };
  send({ gallery: { ask: 'replay', experiment, trace, notes, cure } });
}

function take(response: Response): void {
  if ('entries' in response) {
    // A worker that was ended and begun anew says it again.
    if (entries.value.length === 0) entries.value = response.entries;
    return;
  }
  const { experiment } = response;
  if ('progress' in response) {
    const { states } = response.progress;
    const seconds = (performance.now() - begun) / 1000;
    running.value = { experiment, states, rate: seconds > 0 ? states / seconds : 0 };
  } else if ('found' in response) {
    found.value = new Map([...found.value, [experiment, response.found]]);
    running.value = null;
    next();
  } else {
    played.value = new Map([...played.value, [keyOf(experiment, response.cure), response.played]]);
  }
}
