/** A capture on the page: the connections that `tsyn explain` finds, told and drawn; nothing leaves the page. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { tsyn } from '../../test/cli/run.ts';
import { toPcapng } from '../engine/exports/pcapng.ts';
import { run } from '../engine/run.ts';
import { axe } from './axe.ts';
import { describeLab, type Lab } from './browser.ts';

/** Of a connection as `tsyn explain --json` has it. */
interface Explained {
  readonly stream: number;
  readonly ends: readonly { readonly packets: number; readonly octets: number; readonly retransmissions: number }[];
}

describeLab('a capture', (open) => {
  const folder = mkdtempSync(join(tmpdir(), 'capture-'));
  const file = join(folder, 'fast-retransmit.pcapng');
  const octets = toPcapng(run({ preset: 'fast-retransmit', seed: 1, settings: {}, edits: [] }));
  let lab: Lab;

  beforeAll(async () => {
    writeFileSync(file, octets);
    lab = await open({ hash: 'capture' });
    await lab.page.waitForSelector('html[data-ready]');
  });
  afterAll(async () => {
    await lab.close();
    rmSync(folder, { recursive: true });
  });

  /** Lets a file fall on the page. */
  async function drop(content: Uint8Array, name: string): Promise<void> {
    await lab.page.evaluate(
      ([data, as]) => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([Uint8Array.from(data)], as));
        for (const type of ['dragover', 'drop']) {
          document.body.dispatchEvent(new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }));
        }
      },
      [[...content], name] as const,
    );
  }

  it('has the connections that tsyn explain finds in it', async () => {
    await lab.page.setInputFiles('input[type=file]', file);
    await lab.page.waitForSelector('.connections tbody tr');
    const { stdout } = tsyn(['explain', '--json', file]);
    const records: Explained[] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
      .filter((record) => 'stream' in record && 'ends' in record);
    expect(records.length).toBeGreaterThan(0);
    const rows = await lab.page.locator('.connections tbody tr').all();
    expect(rows.length).toBe(records.length);
    for (const [i, { stream, ends }] of records.entries()) {
      const cells = (await rows[i]!.locator('th, td').allTextContents()).map((text) => text.replace(/,/g, ''));
      const [a, b] = ends;
      const again = a!.retransmissions + b!.retransmissions;
      expect([cells[0], cells[4], cells[5], cells[7]]).toEqual([
        `${stream}`,
        `${a!.packets} / ${b!.packets}`,
        `${a!.octets} / ${b!.octets}`,
        again === 0 ? '–' : `${again}`,
      ]);
    }
  });

  it('is told, drawn, and explained', async () => {
    await lab.page.waitForSelector('.captured');
    expect(await lab.page.textContent('.captured .chapters')).toContain('three segments');
    expect(await lab.page.locator('.captured .drawn svg').count()).toBeGreaterThan(0);
    expect(await lab.page.locator('.captured .diagram svg').count()).toBe(2);
    expect(await lab.page.locator('.captured .told-steps li').count()).toBeGreaterThan(20);
    expect(await axe(lab.page)).toEqual([]);
  });

  it('is told in Chinese as well', async () => {
    await lab.page.getByRole('button', { name: '中文' }).click();
    await lab.page
      .getByText('三次握手', { exact: false })
      .or(lab.page.getByText('三个报文段', { exact: false }))
      .first()
      .waitFor();
    await lab.page.getByRole('button', { name: 'English' }).click();
    await lab.page.waitForSelector('html[lang=en]');
  });

  it('that is dropped on the lab, and breaks off, says where and keeps what came before', async () => {
    await lab.page.getByRole('link', { name: 'Lab' }).click();
    await lab.page.waitForSelector('.stage');
    await drop(octets.subarray(0, octets.length - 10), 'cut.pcapng');
    await lab.page.waitForSelector('.captured');
    expect(await lab.page.textContent('.whole [role=alert]')).toMatch(/octet [\d,]+ \(.*block.*\): .*What came before/);
    expect(await lab.page.locator('.connections tbody tr').count()).toBe(1);
  });

  it('that is none is refused by name', async () => {
    await drop(new TextEncoder().encode('this is no capture at all'), 'letter.txt');
    await lab.page.waitForSelector('.whole [role=alert]');
    expect(await lab.page.textContent('.whole [role=alert]')).toMatch(/octet 0/);
    expect(await lab.page.locator('.captured').count()).toBe(0);
  });

  it('is read without a word on the console, and without asking anybody', () => {
    expect(lab.errors).toEqual([]);
    expect(lab.requests).toEqual([]);
  });
});
