/** Owns: what the gallery says, as a type, and which file says it in which language. */

import type { GoalName, Model, MutantName, SafetyName } from '../../check/index.ts';
import type { Language } from '../../trace/index.ts';
import { en } from './texts-en.ts';
import { zh } from './texts-zh.ts';

export type PropertyName = SafetyName | GoalName;

export interface WhyText {
  /** One sentence. */
  readonly question: string;
  /** What the mechanism is for, in a few sentences. */
  readonly answer: string;
}

export interface WhyTexts {
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
  readonly crashes: (host: string) => string;
  readonly forgets: (host: string) => string;
  readonly reports: (host: string) => string;
  readonly trap: (property: PropertyName) => string;
  readonly written: (paths: readonly string[]) => string;
  readonly noScript: (name: string) => string;
  readonly list: string;
  readonly more: string;
}

export const WHY_TEXTS: Readonly<Record<Language, WhyTexts>> = { en, zh };
