/** Owns: the presets, in the order in which the page offers them. */

import type { Preset } from '../engine/preset.ts';
import { closing } from './closing.ts';
import { data } from './data.ts';
import { figures } from './figures.ts';
import { IDS } from './ids.ts';
import { opening } from './opening.ts';
import { resets } from './resets.ts';

const all = [...opening, ...closing, ...resets, ...data, ...figures];

export const PRESETS: readonly Preset[] = IDS.map((id) => all.find((preset) => preset.id === id)!);

/** The preset of an id that was checked. */
export function findPreset(id: string): Preset {
  return PRESETS.find((preset) => preset.id === id)!;
}
