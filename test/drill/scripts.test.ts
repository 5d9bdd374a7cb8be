import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeResult, ipVersions, playText } from '../../src/drill/index.ts';
import { OWN_SCRIPTS, SCRIPTS, TOPICS } from './own-scripts.ts';

describe('the scripts of the project', () => {
  it('are at least ninety, and four of every topic', () => {
    expect(OWN_SCRIPTS.length).toBeGreaterThanOrEqual(90);
    const few = TOPICS.filter((topic) => OWN_SCRIPTS.filter((script) => script.topic === topic).length < 4);
    expect(few).toEqual([]);
  });

  it('cover the topics by which one learns TCP', () => {
    const wanted =
      'close congestion data ecn fastopen half-close half-open icmp keepalive mss nagle open paws rack reset rexmt sack simultaneous stale-syn syncookies time-wait timestamps urgent window';
    expect(TOPICS).toEqual(expect.arrayContaining(wanted.split(' ')));
  });

  it('begin with the RFC and section that they show, and a sentence', () => {
    const without = OWN_SCRIPTS.filter(({ text }) => !/^\/\/ RFC \d+ [\d.]+[^:]*: .{20,}/.test(text));
    expect(without.map(({ path }) => path)).toEqual([]);
  });

  it('stand in the order in which to read them, every topic once', () => {
    const order = readFileSync(join(SCRIPTS, 'README.md'), 'utf8').matchAll(/\[([\w-]+)\]\(\1\)/g);
    expect([...order].map(([, topic]) => topic).sort()).toEqual(TOPICS);
  });

  it('are the diagrams of RFC 9293, sections 3.5 and 3.6, among them', () => {
    const heads = OWN_SCRIPTS.map(({ text }) => text.split('\n', 1)[0]).join('\n');
    for (const figure of [6, 7, 8, 9, 10, 11, 12, 13]) expect(heads).toContain(`figure ${figure}`);
  });
});

describe.each(TOPICS)('%s', (topic) => {
  for (const { path, text } of OWN_SCRIPTS.filter((script) => script.topic === topic)) {
    it.each(ipVersions(path, text))(`${path.slice(`scripts/${topic}/`.length)} over %s`, (ip) => {
      const result = playText(path, text, ip);
      if (result.result !== 'pass') expect.fail(describeResult(result));
    });
  }
});
