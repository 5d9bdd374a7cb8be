import { describe, expect, it } from 'vitest';
import { harnessDefines, ipVersions, parseScript, play } from '../../src/drill/index.ts';
import { mutants } from '../../src/drill/mutate.ts';
import { OWN_SCRIPTS, TOPICS } from './own-scripts.ts';

const counts = new Map<string, number>();

describe('a script that says something else than what happens', () => {
  it.each(TOPICS)('fails, whatever it is that differs: %s', (topic) => {
    const alive: string[] = [];
    let count = 0;
    for (const { path, text } of OWN_SCRIPTS.filter((script) => script.topic === topic)) {
      // What a script compares does not depend on the version of IP: one is enough.
      const ip = ipVersions(path, text)[0]!;
      for (const { script, line, description } of mutants(parseScript(path, text, harnessDefines(ip)), { ip })) {
        count++;
        const { result } = play(script, { ip });
        if (result !== 'fail') alive.push(`${path}:${line}: ${description}: ${result}`);
      }
    }
    counts.set(topic, count);
    expect(alive).toEqual([]);
  });

  it('differs in more than a thousand ways', () => {
    const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
    console.log(`${total} mutants of ${OWN_SCRIPTS.length} scripts, all of which fail`);
    expect(total).toBeGreaterThanOrEqual(1000);
  });
});
