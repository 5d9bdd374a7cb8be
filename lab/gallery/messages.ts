/** Owns: what the gallery and its worker say to each other. Plain data. */

import type { Experiment, Level, Model, Progress, Result, StepRecord } from 'tsyn/check';
import type { TraceEvent } from 'tsyn/trace';

/** An experiment at the level at which the page searches it. */
export interface Shown {
  readonly experiment: Experiment;
  readonly level: Level;
  /** Its world at that level. */
  readonly model: Model;
}

export interface Entry {
  readonly name: string;
  readonly shown: readonly Shown[];
}

/** What no segment shows, in the reader's words; HOST stands for the name of a host. */
export interface Notes {
  readonly crashes: string;
  readonly forgets: string;
  readonly reports: string;
}

export const HOST = '@';

export type Request =
  | { readonly ask: 'search'; readonly experiment: string }
  /** The counter-example drawn; `cure`: what the TCP that ships makes of the same schedule. */
  | {
      readonly ask: 'replay';
      readonly experiment: string;
      readonly trace: readonly StepRecord[];
      readonly notes: Notes;
      readonly cure: boolean;
    };

export interface Played {
  readonly hosts: readonly [string, string];
  readonly events: readonly TraceEvent[];
}

export interface Found {
  readonly result: Result;
  /** It came out as the gallery knows. */
  readonly expected: boolean;
  /** What is violated is a goal: the picture ends in a trap. */
  readonly trap: boolean;
}

export type Response =
  | { readonly entries: readonly Entry[] }
  | { readonly progress: Progress; readonly experiment: string }
  | { readonly found: Found; readonly experiment: string }
  | { readonly played: Played; readonly experiment: string; readonly cure: boolean };
