import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readCaptureFile } from '../../src/node/capture-file.ts';
import { CaptureError, LINKTYPE_RAW } from '../../src/trace/capture.ts';
import { PcapngWriter } from '../../src/trace/pcapng.ts';
import { ROOT } from '../house/source.ts';

const folder = mkdtempSync(join(tmpdir(), 'tsyn-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A file of more than one piece: a thousand packets of a thousand octets. */
function capture(): Uint8Array {
  const writer = new PcapngWriter();
  const blocks = [writer.header(), writer.interface({ linkType: LINKTYPE_RAW, name: 'tun0' })];
  for (let i = 0; i < 1000; i++) blocks.push(writer.packet(0, i, new Uint8Array(1000).fill(i), 0, 1000));
  return Buffer.concat(blocks);
}

const put = (name: string, octets: Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, octets);
  return path;
};

describe('a capture file', () => {
  it('is read to its end', async () => {
    const names: (string | null)[] = [];
    let packets = 0;
    const take = ({ frame, time, octets }: { frame: number; time: number; octets: Uint8Array }): void => {
      expect([frame, time, octets.length]).toEqual([packets + 1, packets, 1000]);
      expect(octets.every((octet) => octet === (packets & 0xff))).toBe(true);
      packets++;
    };
    await readCaptureFile(put('a.pcapng', capture()), take, { onInterface: ({ name }) => names.push(name) });
    expect(packets).toBe(1000);
    expect(names).toEqual(['tun0']);
  });

  it('tells what is readable before it says why the rest is not', async () => {
    let packets = 0;
    const path = put('cut.pcapng', capture().subarray(0, -1));
    const read = readCaptureFile(path, () => packets++);
    await expect(read).rejects.toBeInstanceOf(CaptureError);
    await expect(read).rejects.toMatchObject({ code: 'ERR_CAPTURE', block: 'enhanced packet block' });
    expect(packets).toBe(999);
  });

  it('is not there, or is none: the error has a code', async () => {
    const read = (path: string): Promise<void> => readCaptureFile(path, () => {});
    await expect(read(join(folder, 'none'))).rejects.toMatchObject({ code: 'ENOENT', syscall: 'open' });
    await expect(read(folder)).rejects.toMatchObject({ code: 'EISDIR', syscall: 'read' });
    await expect(read(put('empty', new Uint8Array(0)))).rejects.toMatchObject({ code: 'ERR_CAPTURE' });
  });

  it('comes from standard input, too', () => {
    const program = `
      import { readCaptureFile } from 'tsyn/node';
      let octets = 0;
      await readCaptureFile('-', (packet) => { octets += packet.octets.length; });
      console.log(octets);`;
    const words = ['--input-type=module', '-e', program];
    const { stdout, stderr } = spawnSync(process.execPath, words, { cwd: ROOT, input: capture(), encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(stdout).toBe('1000000\n');
  });
});
