import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { DrillFailedError, DrillSyntaxError, drill, drillFolder } from '../../src/node/drill.ts';

const REFUSAL = '0 < S 100:100(0) win 65535\n+0 > R. 0:0(0) ack 1\n';

const folder = mkdtempSync(join(tmpdir(), 'tsyn-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

function thrown(act: () => unknown): DrillFailedError {
  try {
    act();
  } catch (error) {
    if (error instanceof DrillFailedError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('drill', () => {
  it('plays a file over every version of IP', () => {
    expect(drill(file('refusal.pkt', REFUSAL)).map(({ ip, result }) => `${ip} ${result}`)).toEqual([
      'ipv4 pass',
      'ipv6 pass',
      'mapped pass',
    ]);
  });

  it('plays a file beside the program, and a version of IP that is asked for', () => {
    file('beside.pkt', REFUSAL);
    const results = drill(new URL('beside.pkt', `file://${folder}/suite.test.js`), { ip: 'ipv6' });
    expect(results.map(({ ip }) => ip)).toEqual(['ipv6']);
  });

  it('plays only the versions of which the name speaks, or the head', () => {
    const versions = (name: string, text: string): string[] => drill(file(name, text)).map(({ ip }) => ip);
    expect(versions('refusal-v4.pkt', REFUSAL)).toEqual(['ipv4', 'mapped']);
    expect(versions('refusal-v6.pkt', REFUSAL)).toEqual(['ipv6']);
    expect(versions('head.pkt', `--ip_version=ipv6\n${REFUSAL}`)).toEqual(['ipv6']);
  });

  it('plays a script in the program, with values put in', () => {
    const isn = 4294967295;
    const results = drill`
      0 < S ${isn}:${isn}(0) win 65535
      +0 > R. 0:0(0) ack 1
    `;
    expect(results).toHaveLength(3);
  });

  it('says file, line, what was expected, what happened and when, and shows the ladder', () => {
    const path = file('wrong.pkt', `// RFC 9293 3.10.7.1\n${REFUSAL.replace('ack 1', 'ack 2')}`);
    const { message, results } = thrown(() => drill(path));
    expect(message).toContain('over ipv4, ipv6, mapped:');
    expect(message).toContain(`${path}:3: ack: expected 2, actual 1 (at 0.000000 s)`);
    expect(message).toContain('expected  0.000000 > R. 0:0(0) ack 2');
    expect(message).toContain('actual    0.000000 > R. 0:0(0) ack 1');
    expect(message).toMatch(/SYN .*->|--.*SYN/);
    expect(results.map(({ result }) => result)).toEqual(['fail', 'fail', 'fail']);
  });

  it('takes a script that asks for what is not to be had as failed: nothing has been shown', () => {
    const { message } = thrown(() => drill`0 \`iptables -F\` +0 < S 0:0(0) win 1`);
    expect(message).toContain('inline script is skipped: unsupported shell command: iptables -F');
  });

  it('says where the text is no script', () => {
    expect(() => drill`0 < S 0:0(0`).toThrow(DrillSyntaxError);
    expect(() => drill(file('empty.pkt', ''))).toThrow(DrillSyntaxError);
  });
});

describe('drillFolder', () => {
  it('registers a test for each script and version of IP', () => {
    const root = mkdtempSync(join(folder, 'suite-'));
    writeFileSync(join(root, 'good-v6.pkt'), REFUSAL);
    writeFileSync(join(root, 'wrong-v4.pkt'), REFUSAL.replace('ack 1', 'ack 2'));
    writeFileSync(join(root, 'notes.txt'), 'no script');
    const tests = new Map<string, () => void>();
    drillFolder(root, (name, body) => tests.set(name, body));
    expect([...tests.keys()]).toEqual(['good-v6.pkt over ipv6', 'wrong-v4.pkt over ipv4', 'wrong-v4.pkt over mapped']);
    tests.get('good-v6.pkt over ipv6')!();
    expect(tests.get('wrong-v4.pkt over mapped')).toThrow('wrong-v4.pkt:2: ack: expected 2, actual 1');
  });

  it('is an error where there is no script', () => {
    expect(() => drillFolder(mkdtempSync(join(folder, 'none-')), () => {})).toThrow('no scripts (*.pkt)');
  });
});
