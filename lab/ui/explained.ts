/** Owns: what is said of each event of the run, as far as it has got; each is explained once. */

import { computed, effect } from '@preact/signals';
import { Explainer, type Explanation } from 'tsyn/explain';
import type { TraceEvent } from 'tsyn/trace';
import { OWNERS } from '../engine/addresses.ts';
import { more } from '../words/index.ts';
import { noted, run, spoken } from './store.ts';

/** Explanations of the first events of a run, made when they are asked for. */
class Told {
  readonly #events: readonly TraceEvent[];
  readonly #explainer: Explainer;
  readonly #told: Explanation[] = [];

  constructor(events: readonly TraceEvent[], explainer: Explainer) {
    this.#events = events;
    this.#explainer = explainer;
  }

  /** Of the first `count` events. */
  first(count: number): readonly Explanation[] {
    while (this.#told.length < count) this.#told.push(this.#explainer.take(this.#events[this.#told.length]!));
    return this.#told;
  }
}

const told = computed(
  () => new Told(run.value?.events ?? [], new Explainer({ words: more.value.sentences, hosts: OWNERS })),
);

export interface Sentence extends Explanation {
  /** What only those want to know who want to know everything. */
  readonly minor: boolean;
}

/** What is said of `count` events from `first` on. */
export function sentences(first: number, count: number): readonly Sentence[] {
  const events = run.value?.events ?? [];
  return told.value
    .first(first + count)
    .slice(first, first + count)
    .map((explanation, i) => {
      const { type, host } = events[first + i]!;
      const text = type === 'note' ? more.value.explain.crash(host) : explanation.text;
      return { ...explanation, text, minor: MINOR.has(type) };
    });
}

const MINOR: ReadonlySet<TraceEvent['type']> = new Set(['timer-set', 'timer-stopped', 'congestion']);

/** Tells those who do not look what has happened. @returns the end of it */
export function speakSteps(): () => void {
  return effect(() => {
    const step = noted.current.value;
    const said = step === null ? [] : sentences(step.first, step.count);
    spoken.value = said.flatMap(({ minor, text }) => (minor ? [] : [text])).join(' ');
  });
}
