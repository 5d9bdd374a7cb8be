/**
 * Owns: a run from its input: the same input, the same run, in a page's worker and under Node. Leaves to others: what happens
 * (`world.ts`), the presets (`presets/`).
 */

import { findPreset } from '../presets/index.ts';
import { checkInput } from './check.ts';
import { Facts, type Played } from './facts.ts';
import { DEFAULTS } from './preset.ts';
import type { Input, Run, Settings } from './types.ts';
import { World } from './world.ts';

/**
 * Plays a preset.
 *
 * @throws LabError ERR_LAB_INPUT: no such preset, or a setting or edit that makes no sense
 */
export function run(input: Input): Run {
  const preset = findPreset(checkInput(input).preset);
  const settings: Settings = { ...DEFAULTS, ...preset.settings, ...input.settings };
  const world = new World(preset, settings, input);
  world.play();
  const { events, steps, views, network } = world;
  const played: Played = {
    input,
    settings,
    lanes: preset.lanes,
    events,
    steps,
    packets: network.records,
    views,
    end: steps.at(-1)?.time ?? 0,
    idle: input.edits.flatMap((_, index) => (network.used.has(index) ? [] : [index])),
  };
  const facts = new Facts(played);
  return { ...played, asExpected: preset.expected(facts), met: preset.met(facts) };
}
