/** `tsyn check`: experiments in threads, models of one's own, bounds that are never called proof. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAIN, tsyn, tsynHere } from './run.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'check-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const put = (name: string, model: unknown): string => {
  const path = join(folder, name);
  writeFileSync(path, typeof model === 'string' ? model : JSON.stringify(model));
  return path;
};

const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1)!;

describe('tsyn check', () => {
  it('runs experiments and says of each what came of it, in their order', () => {
    const { status, stdout } = tsyn(['check', '--only', 'auto-fin', '--only', 'three-way', '--jobs', '2']);
    expect(status).toBe(0);
    const rows = stdout.split('\n').map((line) => line.trim().split(/\s+/).slice(0, 5).join(' '));
    expect(rows.slice(0, 5)).toEqual([
      'experiment property verdict states steps',
      'three-way H2 holds 1,418 23',
      'two-way H1-weak violated 15 3',
      'two-way-stuck H2 violated 349 4',
      'auto-fin C1 violated 37 6',
    ]);
    expect(lastLine(stdout)).toBe('4 passed, 0 failed');
  });

  it('runs a search once for all experiments that look at it', () => {
    const { stdout } = tsyn(['check', '--only', 'four-way', '--only', 'fin-repeated', '--json']);
    const records = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(records.map(({ name }) => name)).toEqual(['four-way', 'auto-fin', 'fin-repeated', undefined]);
    expect(records[0].states).toBe(records[2].states);
    expect(records[3]).toMatchObject({ passed: 3, failed: 0, states: records[0].states + records[1].states });
  });

  it.each([
    ['states', 'fresh-isn', 'H1', ['--states', '1000'], 'as many states as asked for: nothing is said of the rest'],
    ['memory', 'two-msl', 'W1', ['--memory', '2'], 'the memory is used up: nothing is said of the rest'],
  ])('stops at a bound of %s, and does not call that proof', (_bound, name, property, words, reason) => {
    const { status, stdout } = tsyn(['check', '--only', name, ...words]);
    expect(status).toBe(1);
    expect(stdout).toMatch(new RegExp(`^${name} +${property} +bounded +[\\d,]+ .*${reason}$`, 'm'));
    expect(stdout).not.toContain('holds');
    expect(lastLine(stdout)).toBe('1 passed, 1 failed');
  });

  it('says at Ctrl-C what it has covered', async () => {
    const child = spawn(process.execPath, [MAIN, 'check', '--level', '3', '--only', 'old-duplicates', '--jobs', '1']);
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      // The head is printed when the first search begins: from here on it can be ended.
      if (stdout === '') child.kill('SIGINT');
      stdout += text;
    });
    const [status] = await once(child, 'close');
    expect(status).toBe(130);
    expect(lastLine(stdout)).toMatch(/^0 passed, 0 failed, 3 undecided$/);
  });

  it.each([
    [['check', 'three-way'], "unexpected argument 'three-way'; did you mean --only three-way?"],
    [['check', '--only', 'nothing-like-it'], "there is no question 'nothing-like-it'"],
    [['check', '--only', 'rto-premise'], 'nothing of that is asked at level 1: try --level 2'],
    [['check', '--jobs', '0'], '--jobs must be an integer from 1 to 256'],
    [['check', '--model', 'x', '--level', '2'], '--model does not go with --level'],
  ])('%j is refused', async (words, message) => {
    const { status, stderr } = await tsynHere(words);
    expect([status, stderr]).toEqual([2, expect.stringContaining(message)]);
  });
});

describe('a model of one’s own', () => {
  const impatient = { name: 'impatient', choices: ['open A', 'abort A'], opens: 2, aborts: 1, capacity: 3 };

  it('is searched: what it asks for holds', () => {
    const { status, stdout } = tsyn(['check', '--model', put('good.json', { ...impatient, safety: ['H1', 'S1'] })]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^H1, S1: holds in [\d,]+ states, up to \d+ steps deep/m);
  });

  it('is searched without a mechanism, and the counter-example is drawn', () => {
    const model = { ...impatient, safety: ['H1'], mutant: 'constant-isn' };
    const { status, stdout } = tsyn(['check', '--model', put('bad.json', model)]);
    expect(status).toBe(1);
    expect(stdout).toContain('H1 is violated after 6 steps');
    expect(stdout).toContain('#2 ACK seq=1 ack=1');
    expect(stdout).toContain('The TCP that ships, with the same initial sequence number every time.');
    const record = JSON.parse(tsyn(['check', '--model', put('bad.json', model), '--json']).stdout);
    expect(record).toMatchObject({ name: 'impatient', mutant: 'constant-isn', verdict: 'violated', property: 'H1' });
  });

  it('is described with all that it allows', async () => {
    const model = { ...impatient, losses: 1, calls: 1, intrusions: 1, patience: 3, keepAlive: 2, safety: ['S1'] };
    const path = put('busy.json', model);
    const { status, stdout } = tsyn(['check', '--model', path, '--states', '100']);
    expect(status).toBe(1);
    for (const words of [
      'lose one segment',
      'make 1 further call of any kind',
      'a stranger',
      'Patience ends',
      'of silence',
      'Not decided',
    ]) {
      expect(stdout).toContain(words);
    }
  });

  it.each([
    [{ colour: 'red' }, "unknown field 'colour'; there are name, choices"],
    [{ choices: ['open A', 'sneeze B'] }, "'choices[1]' must be one of open A"],
    [{ choices: 'open A' }, "'choices' must be a list of open A"],
    [{ losses: -1 }, 'losses is -1; it must be a whole number from 0 to 7'],
    [{ losses: '1' }, '\'losses\' must be a whole number, not "1"'],
    [{ capacity: 99 }, 'capacity is 99; it must be a whole number from 1 to 16'],
    [{ server: 1 }, "'server' must be true or false, not 1"],
    [{ isns: 'stale' }, "'isns' must be one of fresh, constant"],
    [{ isn: -1 }, "'isn' must be a whole number from 0 to 4294967295"],
    [{ safety: ['H9'] }, "'safety[0]' must be one of H1"],
    [{ goal: 'H1' }, "'goal' must be one of H2"],
    [{ mutant: 'x-men' }, "'mutant' must be one of two-way"],
    [{ safety: [] }, "nothing is asked: 'safety' is empty and 'goal' is null"],
    [[], 'a model is an object'],
    ['{', 'is no model'],
  ])('%j is refused by name', async (model, message) => {
    const { status, stderr } = await tsynHere(['check', '--model', put('wrong.json', model)]);
    expect([status, stderr]).toEqual([2, expect.stringContaining(message)]);
  });

  it('has to be there', async () => {
    const { status, stderr } = await tsynHere(['check', '--model', join(folder, 'absent.json')]);
    expect([status, stderr]).toEqual([2, expect.stringContaining('ENOENT')]);
  });
});
