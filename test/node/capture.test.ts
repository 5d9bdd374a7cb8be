import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Packet } from '../../src/link/packet.ts';
import { openCapture } from '../../src/node/capture.ts';

const folder = mkdtempSync(join(tmpdir(), 'tsyn-'));
afterAll(() => rmSync(folder, { recursive: true }));

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The types and lengths of a file's blocks. */
function blocks(path: string): Array<[number, number]> {
  const file = readFileSync(path);
  const found: Array<[number, number]> = [];
  for (let at = 0; at < file.length; at += file.readUInt32LE(at + 4)) {
    found.push([file.readUInt32LE(at), file.readUInt32LE(at + 4)]);
  }
  return found;
}

function packet(length: number): Packet {
  const made = new Packet(length + 32);
  made.len = length;
  return made;
}

describe('a capture', () => {
  it('is on disk after the turn in which a packet came, and whole when closed', async () => {
    const path = join(folder, 'a.pcapng');
    const capture = openCapture(path, { comment: 'hello', epoch: 0 });
    const port = capture.port('tun0', 'ip');
    port('send', 1, packet(40));
    await turn();
    await turn();
    expect(blocks(path).map(([type]) => type)).toEqual([0x0a0d0d0a, 1, 6]);
    port('receive', 2, packet(41));
    capture.port('tap0', 'ethernet')('receive', 2, packet(60));
    capture.close();
    capture.close();
    expect(blocks(path).map(([type]) => type)).toEqual([0x0a0d0d0a, 1, 6, 6, 1, 6]);
    port('send', 3, packet(40));
    expect(capture).toMatchObject({ packets: 3, dropped: 1, error: null });
  });

  it('stops at its size and counts what came later', () => {
    const path = join(folder, 'b.pcapng');
    const capture = openCapture(path, { maxOctets: 10_000 });
    const port = capture.port('tun0', 'ip');
    for (let i = 0; i < 100; i++) port('send', i, packet(1000));
    capture.close();
    expect(capture.packets + capture.dropped).toBe(100);
    expect(capture.packets).toBe(9);
    expect(readFileSync(path).length).toBeLessThanOrEqual(10_000);
  });

  it('stays full: a packet that would fit comes after one that did not', () => {
    const path = join(folder, 'd.pcapng');
    const capture = openCapture(path, { maxOctets: 200 });
    const port = capture.port('tun0', 'ip');
    port('send', 1, packet(1000));
    capture.port('an interface with a name that is long', 'ip')('send', 2, packet(1));
    port('send', 3, packet(1));
    capture.close();
    expect(capture).toMatchObject({ packets: 0, dropped: 3, error: null });
    expect(blocks(path).map(([type]) => type)).toEqual([0x0a0d0d0a, 1]);
  });

  it.skipIf(process.platform !== 'linux')('ends when the disk is full, and says why', () => {
    const capture = openCapture('/dev/full');
    const port = capture.port('tun0', 'ip');
    port('send', 1, packet(10));
    capture.flush();
    port('send', 2, packet(10));
    expect(capture).toMatchObject({ packets: 0, dropped: 2, error: { code: 'ENOSPC', syscall: 'write' } });
    capture.close();
  });

  it('gathers no more than so much in one turn', () => {
    const path = join(folder, 'c.pcapng');
    const capture = openCapture(path);
    const port = capture.port('tun0', 'ip');
    for (let i = 0; i < 20; i++) port('send', i, packet(60_000));
    expect(readFileSync(path).length).toBeGreaterThan(20 * 60_000 - 300_000);
    capture.close();
  });

  it('says with a code why a file cannot be made', () => {
    expect(() => openCapture(join(folder, 'none', 'a.pcapng'))).toThrow(expect.objectContaining({ code: 'ENOENT' }));
    expect(() => openCapture(folder)).toThrow(expect.objectContaining({ code: 'EISDIR' }));
  });
});
