import { describe, expect, it } from 'vitest';
import { run } from '../../lab/engine/run.ts';
import type { Input } from '../../lab/engine/types.ts';
import { PRESETS } from '../../lab/presets/index.ts';

function inputOf(preset: string): Input {
  return { preset, seed: 1, settings: {}, edits: [] };
}

describe.each(PRESETS.map((preset) => [preset.id, preset] as const))('the preset %s', (id, preset) => {
  it('ends as it should, with its challenge open', () => {
    const { asExpected, met } = run(inputOf(id));
    expect({ asExpected, met }).toEqual({ asExpected: true, met: false });
  });

  it('ends so whatever the seed', () => {
    for (const seed of id === 'big' ? [2] : [0, 2, 7, 4_294_967_295]) {
      const { asExpected, met } = run({ ...inputOf(id), seed });
      expect({ seed, asExpected, met }).toEqual({ seed, asExpected: true, met: false });
    }
  });

  it('has a challenge that its solution meets, with nothing in it that is idle', () => {
    const { settings = {}, edits = [] } = preset.solution;
    const { met, idle } = run({ ...inputOf(id), settings, edits });
    expect({ met, idle }).toEqual({ met: true, idle: [] });
  });

  it('can be solved on the page: by settings that it offers, and calls at times at which something happens', () => {
    const { settings = {}, edits = [] } = preset.solution;
    expect(preset.toggles).toEqual(expect.arrayContaining(Object.keys(settings)));
    const times = new Set(run(inputOf(id)).steps.map(({ time }) => time));
    for (const edit of edits) if (edit.op === 'call' || edit.op === 'crash') expect(times).toContain(edit.at);
  });

  it('is told in steps of one input, in the order of time', () => {
    const { steps, events, packets, views } = run(inputOf(id));
    let next = 0;
    let time = 0;
    const wrong = steps.filter((step) => {
      const own = events.slice(step.first, step.first + step.count);
      const good =
        step.first === next && step.count > 0 && step.time >= time && own.every((event) => event.time === step.time);
      next += step.count;
      time = step.time;
      return !good;
    });
    expect(wrong).toEqual([]);
    expect(next).toBe(events.length);
    expect(packets.every(({ packet }, index) => packet === index + 1)).toBe(true);
    expect(views.every(({ step, host }) => steps[step]?.host === host)).toBe(true);
  });
});
