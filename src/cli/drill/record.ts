/** Owns: `tsyn drill --record`: a capture or a trace in a file, turned into a script. */

import { readFileSync } from 'node:fs';
import { type RecordOptions, recordCapture, recordTrace } from '../../drill/index.ts';
import { CaptureError } from '../../trace/capture.ts';
import type { TraceEvent } from '../../trace/events.ts';
import { UsageError } from '../args.ts';

/**
 * A script of one connection in the file: a capture (pcap, pcapng), or a trace as lines of JSON.
 *
 * @throws UsageError a file that cannot be read, or is neither; RecordError no such connection
 */
export function recordFile(path: string, options: RecordOptions): string {
  const octets = read(path);
  // A trace is text, and begins with a brace; no capture does.
  if (octets[0] === 0x7b) return recordTrace(events(path, octets), options);
  try {
    return recordCapture(octets, options);
  } catch (error) {
    if (error instanceof CaptureError)
      throw new UsageError(`'${path}' is neither a capture nor a trace: ${error.message}`);
    throw error;
  }
}

function read(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UsageError(`'${path}' cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
}

function events(path: string, octets: Uint8Array): TraceEvent[] {
  return new TextDecoder()
    .decode(octets)
    .split('\n')
    .flatMap((line, index) => {
      if (line.trim() === '') return [];
      try {
        return [JSON.parse(line) as TraceEvent];
      } catch {
        throw new UsageError(`${path}:${index + 1}: neither a capture nor a trace (lines of JSON)`);
      }
    });
}
