/**
 * Owns: capture files read from a disk or from standard input, a piece at a time, so that memory does not grow with them.
 * Leaves to others: what is in them (`trace/capture-reader.ts`).
 */

import { closeSync, openSync, readSync } from 'node:fs';
import { TsynError } from '../stack/errors.ts';
import type { PassingPacket } from '../trace/capture.ts';
import { CaptureReader, type CaptureReaderOptions } from '../trace/capture-reader.ts';

/** Octets read at once: few system calls, and no more than a processor's cache holds. */
const PIECE = 256 * 1024;

/**
 * Reads a capture, pcap or pcapng.
 *
 * @param path a file, or `-` for standard input
 * @param onPacket told each packet, which is good during the call only, as in {@link CaptureReader}
 * @throws CaptureError from somewhere on it cannot be read; TsynError with Node's code: ENOENT, EACCES, EISDIR, ...
 */
export async function readCaptureFile(
  path: string,
  onPacket: (packet: PassingPacket) => void,
  options: CaptureReaderOptions = {},
): Promise<void> {
  const reader = new CaptureReader(onPacket, options);
  if (path === '-') for await (const piece of process.stdin) reader.push(piece);
  else readFile(path, reader);
  reader.end();
}

function readFile(path: string, reader: CaptureReader): void {
  const fd = attempt('open', () => openSync(path, 'r'));
  try {
    const piece = new Uint8Array(PIECE);
    for (;;) {
      const length = attempt('read', () => readSync(fd, piece));
      if (length === 0) break;
      reader.push(piece.subarray(0, length));
    }
  } finally {
    closeSync(fd);
  }
}

function attempt<T>(syscall: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new TsynError(code ?? 'UNKNOWN', `capture: ${message}`, { syscall });
  }
}
