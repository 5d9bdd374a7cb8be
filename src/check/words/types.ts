/** Owns: what there is to be said about the why gallery, as a type: whoever shows it brings a language of it. */

import type { Model } from '../model.ts';
import type { MutantName } from '../mutants.ts';
import type { GoalName, SafetyName } from '../properties.ts';
import type { ReplayWords } from '../replay.ts';

export type PropertyName = SafetyName | GoalName;

export interface WhyText {
  /** One sentence. */
  readonly question: string;
  /** What the mechanism is for, in a few sentences. */
  readonly answer: string;
}

export interface WhyWords extends ReplayWords {
  readonly whys: Readonly<Record<string, WhyText>>;
  /** Of each counter-example, by the experiment's name: what goes wrong in the picture, and what prevents it. */
  readonly counters: Readonly<Record<string, string>>;
  readonly properties: Readonly<Record<PropertyName, string>>;
  readonly mutants: Readonly<Record<MutantName, string>>;
  /** A world in words, in sentences. */
  readonly bounds: (model: Model) => string;
  readonly searched: (bounds: string) => string;
  readonly property: (name: PropertyName, meaning: string) => string;
  /** `holds in N states`, with what was not followed. */
  readonly holds: (property: PropertyName, states: string, depth: string, pruned: string) => string;
  readonly violated: (property: PropertyName, steps: string, states: string) => string;
  readonly bounded: (states: string, depth: string, waiting: string, stopped: 'memory' | 'states' | 'asked') => string;
  readonly unexpected: (property: PropertyName) => string;
  readonly with: string;
  readonly withBut: (mutant: string) => string;
  readonly without: (mutant: string) => string;
  /** What is switched off, as a sentence. */
  readonly switched: (mutant: string) => string;
  readonly nobody: string;
  readonly cure: string;
  readonly trap: (property: PropertyName) => string;
}
