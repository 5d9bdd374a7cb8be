/**
 * Owns: how steps and states of the world are written down: a step in one word, a state as a row of words. Leaves to others: what
 * they mean (`world.ts`).
 */

/** Kinds of steps; a step is its kind and, for those about a segment, the segment's place in the bag. */
export const STEPS = [
  'deliver',
  'deliver and keep',
  'lose',
  'tick',
  'fire A',
  'fire B',
  'open A',
  'open B',
  'abort A',
  'abort B',
  'write A',
  'write B',
  'read A',
  'read B',
  'close A',
  'close B',
  'detach A',
  'crash A',
  'crash B',
  'call A',
  'call B',
  'intrude A',
  'intrude B',
] as const;
export type StepKind = (typeof STEPS)[number];

/** Kind in the low five bits; above, the place in the bag, or which call or intrusion it is. */
export type Step = number;

export function stepOf(kind: StepKind, place: number = 0): Step {
  return STEPS.indexOf(kind) | (place << 5);
}

export function kindOf(step: Step): StepKind {
  return STEPS[step & 31]!;
}

export function placeOf(step: Step): number {
  return step >>> 5;
}

/** A step, and the segment that it is about as the words of `segments.ts`. Plain data. */
export interface StepRecord {
  readonly kind: StepKind;
  readonly segment?: readonly number[];
  readonly age?: number;
  readonly copy?: boolean;
  /** Which call or intrusion it is, of {@link CALLS} or by number. */
  readonly place?: number;
}

export function isAboutSegment(kind: StepKind): boolean {
  return kind === 'deliver' || kind === 'deliver and keep' || kind === 'lose';
}

/** Where things are in a row. */
export const A = 0;
export const B = 1;
export const BUDGETS = 2;
export const BAG = 3;

/** Segments in the bag at most, whatever a model asks for. */
export const MOST_SEGMENTS = 16;
export const MOST_ROW: number = BAG + MOST_SEGMENTS + 8;

/** A segment in the bag: its number, whether it is a copy that the network kept, its age in ticks. */
export const entry = (segment: number, copy: boolean, age: number): number => (segment << 5) | (copy ? 16 : 0) | age;
export const segmentOf = (word: number): number => word >>> 5;
export const isCopy = (word: number): boolean => (word & 16) !== 0;
export const ageOf = (word: number): number => word & 15;

/** The bag in ascending order: few entries, nearly sorted. */
export function sortBag(row: Int32Array, length: number): void {
  for (let i = BAG + 1; i < length; i++) {
    const word = row[i]!;
    let at = i;
    while (at > BAG && row[at - 1]! > word) {
      row[at] = row[at - 1]!;
      at--;
    }
    row[at] = word;
  }
}
