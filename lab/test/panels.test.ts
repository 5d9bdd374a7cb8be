/** What surrounds the ladder: links, files, tabs, languages. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Download } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { tsyn } from '../../test/cli/run.ts';
import { hasCommand, skipTitle } from '../../test/helpers/needs.ts';
import { toJson } from '../engine/exports/json.ts';
import { toLink } from '../engine/exports/permalink.ts';
import { run } from '../engine/run.ts';
import type { Input } from '../engine/types.ts';
import { axe } from './axe.ts';
import { computed, describeLab, type Lab } from './browser.ts';

const EDITED: Input = {
  preset: 'half-close',
  seed: 7,
  settings: { latency: 20 },
  edits: [
    { op: 'lose', packet: { host: 'B', nth: 2 } },
    { op: 'crash', host: 'A', at: 500 },
  ],
};

describeLab('the address', (open) => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await open({ hash: await toLink(EDITED) });
  });
  afterAll(() => lab.close());

  it('opens exactly the run that it names', async () => {
    expect(await lab.run()).toEqual(computed(EDITED));
  });

  it('names the run that is shown, and an edit changes it', async () => {
    await lab.press('u');
    const edits = EDITED.edits.slice(0, 1);
    expect((await lab.run()).input.edits).toEqual(edits);
    const hash = `#${await toLink({ ...EDITED, edits })}`;
    await lab.page.waitForFunction((wanted) => location.hash === wanted, hash);
  });

  it('is what is shared', async () => {
    await lab.page.getByRole('button', { name: 'Share' }).click();
    const field = lab.page.getByRole('dialog').locator('input');
    expect(await field.inputValue()).toBe(lab.page.url());
    expect(await axe(lab.page)).toEqual([]);
    await lab.press('Escape');
  });

  it('goes back to what was shown before by the browser’s button', async () => {
    const before = await lab.run();
    await lab.page.selectOption('.field.preset', 'handshake');
    await lab.page.waitForFunction(() => location.hash.includes('s=handshake'));
    await lab.page.getByRole('link', { name: 'Why?' }).click();
    await lab.page.waitForSelector('.questions');
    await lab.page.goBack();
    await lab.page.waitForSelector('.stage');
    expect((await lab.run()).input.preset).toBe('handshake');
    await lab.page.goBack();
    // The address is there before the page has read it.
    await expect.poll(() => lab.run(), { timeout: 30_000 }).toEqual(before);
  });

  for (const [hash, said] of [
    ['v=9&s=handshake', 'a link of version 9; this lab reads version 1'],
    ['v=1&s=handshake&e=%%%', 'the edits of this link cannot be read'],
    ['v=1&s=nowhere', 'nowhere'],
    ['v=1&s=handshake&seed=-1', 'seed'],
  ] as const) {
    it(`that cannot be opened is told, and breaks nothing: ${hash}`, async () => {
      const other = await open({ hash });
      await other.page.waitForSelector('.notice');
      expect(await other.page.textContent('.notice')).toContain(said);
      expect((await other.run()).input.preset).toBe('handshake');
      expect(other.errors).toEqual([]);
      await other.page.getByRole('button', { name: 'Dismiss' }).click();
      expect(await other.page.locator('.notice').count()).toBe(0);
      await other.close();
    });
  }
});

describeLab('a run is saved', (open) => {
  const folder = mkdtempSync(join(tmpdir(), 'lab-'));
  let lab: Lab;
  beforeAll(async () => {
    lab = await open({ hash: await toLink(EDITED) });
    await lab.page.waitForSelector('html[data-ready]');
    await lab.run();
  });
  afterAll(async () => {
    await lab.close();
    rmSync(folder, { recursive: true });
  });

  async function saved(name: string, from: Lab = lab): Promise<string> {
    await from.press('e');
    const [download] = await Promise.all([
      from.page.waitForEvent('download') as Promise<Download>,
      from.page.getByRole('dialog').getByRole('button', { name }).click(),
    ]);
    await from.press('Escape');
    const path = join(folder, download.suggestedFilename());
    await download.saveAs(path);
    return path;
  }

  it('as JSON, the same as Node’s run', async () => {
    const path = await saved('Trace (JSON)');
    expect(path).toMatch(/half-close\.json$/);
    expect(readFileSync(path, 'utf8')).toBe(toJson(run(EDITED), 2));
  });

  it('as SVG that is well formed, with a title', async () => {
    const svg = readFileSync(await saved('Ladder as SVG'), 'utf8');
    const [title, wrong] = await lab.page.evaluate((text) => {
      const read = new DOMParser().parseFromString(text, 'image/svg+xml');
      return [read.querySelector('title')?.textContent, read.querySelector('parsererror')?.textContent];
    }, svg);
    expect(wrong).toBeUndefined();
    expect(title).toBe('Half-close: why four?');
  });

  it('as PNG, not blank, at twice the size', async () => {
    const octets = readFileSync(await saved('Ladder as PNG'));
    const { width, colours } = await lab.page.evaluate(async (data) => {
      const image = new Image();
      image.src = `data:image/png;base64,${data}`;
      await image.decode();
      const canvas = document.createElement('canvas');
      canvas.width = image.naturalWidth;
      canvas.height = image.naturalHeight;
      const pen = canvas.getContext('2d')!;
      pen.drawImage(image, 0, 0);
      const pixels = new Uint32Array(pen.getImageData(0, 0, canvas.width, canvas.height).data.buffer);
      return { width: canvas.width, colours: new Set(pixels).size };
    }, octets.toString('base64'));
    const svg = readFileSync(join(folder, 'half-close.svg'), 'utf8');
    expect(width).toBe(2 * Number(/ width="([\d.]+)"/.exec(svg)![1]));
    expect(colours).toBeGreaterThan(10);
  });

  const tshark = hasCommand('tshark') ? null : 'needs tshark';
  it.skipIf(tshark !== null)(skipTitle('as a capture in which tshark finds the same segments', tshark), async () => {
    const path = await saved('Capture (pcapng)');
    const words = [
      '-r',
      path,
      '-T',
      'fields',
      '-e',
      'tcp.flags',
      '-Y',
      'frame.interface_name == "A" && ip.src == 192.0.2.1',
    ];
    const flags = execFileSync('tshark', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    const sent = run(EDITED).packets.filter(({ from, copyOf }) => from === 'A' && copyOf === null);
    expect(flags.trim().split('\n').map(Number)).toEqual(sent.map(({ segment }) => segment.flags));
  });

  it('as a script that the stack plays', async () => {
    const plain = await open({ hash: 'v=1&s=half-close&seed=1' });
    await plain.page.waitForSelector('html[data-ready]');
    await plain.run();
    const { status, stdout, stderr } = tsyn(['drill', await saved('Script (packetdrill)', plain)]);
    await plain.close();
    expect(status, stdout + stderr).toBe(0);
  });

  it('as a diagram for Mermaid', async () => {
    expect(readFileSync(await saved('Mermaid diagram'), 'utf8')).toMatch(/^sequenceDiagram\n/);
  });

  it('without a word on the console, and without asking anybody', async () => {
    expect(lab.errors).toEqual([]);
    expect(lab.requests).toEqual([]);
  });
});

describeLab('the tabs', (open) => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await open({ height: 1000, hash: 'v=1&s=fast-retransmit&seed=1' });
    await lab.page.waitForSelector('[role=tablist]');
    await lab.run();
    await lab.press('End');
  });
  afterAll(() => lab.close());

  const NAMES = ['Explained', 'Segments', 'Octets', 'Sequence graph', 'Congestion graph', 'Script'];

  it.each(NAMES)('are open to everybody: %s', async (name) => {
    await lab.page.getByRole('tab', { name }).click();
    await lab.drawn();
    expect(await axe(lab.page)).toEqual([]);
  });

  it('are walked through with the arrows', async () => {
    await lab.page.getByRole('tab', { name: NAMES[0]! }).click();
    for (const name of NAMES) {
      expect(await lab.page.getByRole('tab', { selected: true }).textContent()).toBe(name);
      await lab.press('ArrowRight');
    }
    expect(await lab.page.getByRole('tab', { selected: true }).textContent()).toBe(NAMES[0]);
  });

  it('list every segment; the one that is chosen is the one of the ladder, and shown octet by octet', async () => {
    await lab.page.getByRole('tab', { name: 'Segments' }).click();
    const { packets } = run({ preset: 'fast-retransmit', seed: 1, settings: {}, edits: [] });
    expect(await lab.page.locator('.rows tbody tr').count()).toBe(packets.length);
    await lab.page.getByRole('button', { name: 'B#1', exact: true }).click();
    await lab.drawn();
    await lab.page.getByRole('tab', { name: 'Octets' }).click();
    const second = packets.find(({ name }) => name.host === 'B' && name.nth === 1)!;
    const hex = (await lab.page.locator('.field-octets code').allTextContents()).join(' ');
    expect(hex).toBe(
      Buffer.from(second.octets)
        .toString('hex')
        .replace(/..(?!$)/g, '$& '),
    );
    await lab.page.locator('.field-octets').first().focus();
    await lab.press('End');
    expect(await lab.page.textContent('.field-meaning')).toContain('SACK permitted');
  });

  it('tell in the TCB what is what, and what has changed it', async () => {
    const column = lab.page.locator('.host-A');
    await column.getByRole('button', { name: 'SND.UNA' }).focus();
    expect(await column.locator('.meaning').textContent()).toMatch(/SND\.UNA.*RFC 9293 3\.3\.1.*by B#10\./);
  });

  it('count each connection of a pair of ports from its own SYN', async () => {
    await lab.openAtEnd('timewait-reuse');
    await lab.page.getByRole('tab', { name: 'Segments' }).click();
    const rows = lab.page.locator('.rows tbody tr');
    const seqs = await rows.evaluateAll((all) =>
      all.map((row) => [...row.querySelectorAll('td')].map(({ textContent }) => textContent!)),
    );
    const of = (flags: string) => seqs.filter((row) => row[2] === flags).map((row) => row[3]);
    expect(of('SYN')).toEqual(['0', '0']);
    expect(of('SYN,ACK')).toEqual(['0', '0']);
    // Two of the first connection, the second of which comes again among those of the second one.
    expect(of('PSH,ACK')).toEqual(['1', '101', '1', expect.stringMatching(/^-\d/), '101']);
  });
});

describeLab('another language', (open) => {
  it('is spoken at once, everywhere, and back', async () => {
    const lab = await open();
    await lab.page.waitForSelector('html[data-ready]');
    const texts = async (): Promise<string> => (await lab.page.textContent('body'))!;
    const english = await texts();
    await lab.page.getByRole('button', { name: '中文' }).click();
    await lab.page.waitForSelector('html[lang=zh-CN]');
    expect(await texts()).toContain('握手：为什么是三次？');
    await lab.page.getByRole('button', { name: 'English' }).click();
    await lab.page.waitForSelector('html[lang=en]');
    expect(await texts()).toBe(english);
    expect(lab.requests).toEqual([]);
    await lab.close();
  });
});
