import { describe, expect, it } from 'vitest';
import { IDS, type PresetId } from '../../lab/presets/ids.ts';
import { presets as en } from '../../lab/words/presets-en.ts';
import { presets as zh } from '../../lab/words/presets-zh.ts';
import type { PresetWords } from '../../lab/words/types.ts';

function sentences({ title, story, predict, challenge }: PresetWords): readonly string[] {
  const { question, answers, because } = predict;
  return [title, ...story, question, ...answers, because, challenge.task, challenge.hint, challenge.praise];
}

describe.each(IDS)('the words of %s', (id: PresetId) => {
  const [english, chinese] = [en[id], zh[id]];

  it('are there in both languages, in the same number', () => {
    expect(sentences(chinese)).toHaveLength(sentences(english).length);
    for (const words of [english, chinese]) expect(sentences(words).filter((text) => text.trim() === '')).toEqual([]);
  });

  it('ask a question with two to four answers, and the same one is right', () => {
    const { answers, right } = english.predict;
    expect(answers.length).toBeGreaterThanOrEqual(2);
    expect(answers.length).toBeLessThanOrEqual(4);
    expect(new Set(answers).size).toBe(answers.length);
    expect(answers[right]).toBeDefined();
    expect(chinese.predict.right).toBe(right);
  });

  it('are short, and in the language that they are for', () => {
    for (const text of sentences(english)) {
      expect(text.length, text).toBeLessThanOrEqual(330);
      expect(text).not.toMatch(/[\u4e00-\u9fff]/);
    }
    for (const text of sentences(chinese)) {
      expect(text.length, text).toBeLessThanOrEqual(160);
      expect(text).not.toMatch(/[，。：；] /);
    }
    expect(chinese.title).toMatch(/[\u4e00-\u9fff]/);
  });

  it('name the same numbers in tasks and hints', () => {
    const numbers = (text: string): readonly string[] =>
      (text.match(/\d[\d,.]*/g) ?? []).map((n) => n.replace(/[,.]/g, ''));
    const hint = numbers(english.challenge.hint).filter((n) => Number(n) >= 13);
    for (const number of hint) expect(numbers(chinese.challenge.hint)).toContain(number);
  });
});
