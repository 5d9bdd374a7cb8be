/** Owns: the presets, in the order in which the page offers them. */

import { LabError } from '../engine/error.ts';
import type { Preset } from '../engine/preset.ts';
import { closing } from './closing.ts';
import { data } from './data.ts';
import { figures } from './figures.ts';
import { IDS } from './ids.ts';
import { opening } from './opening.ts';
import { resets } from './resets.ts';

const all = [...opening, ...closing, ...resets, ...data, ...figures];

export const PRESETS: readonly Preset[] = IDS.map((id) => all.find((preset) => preset.id === id)!);

/** @throws LabError ERR_LAB_INPUT */
export function findPreset(id: string): Preset {
  const preset = PRESETS.find((one) => one.id === id);
  if (preset === undefined) throw new LabError(`there is no preset '${id}'`);
  return preset;
}
