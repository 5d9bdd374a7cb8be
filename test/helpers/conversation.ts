/** Two hosts on a faulty wire, every frame judged by the independent oracle, streams in both directions compared. */

import { tap } from '../../src/link/index.ts';
import { type Wire, type WireOptions, World } from '../../src/sim/index.ts';
import type { Stack } from '../../src/stack/index.ts';
import type { TcpSocket } from '../../src/stack/tcp-socket.ts';
import type { TcpOptions } from '../../src/tcp/index.ts';
import type { TraceEvent } from '../../src/trace/events.ts';
import { checkFrame } from './oracle.ts';

export interface Judged {
  readonly world: World;
  readonly a: Stack;
  readonly b: Stack;
  readonly wire: Wire;
  readonly trace: TraceEvent[];
  /** What the oracle found wrong with frames that the hosts sent. */
  readonly problems: string[];
  /** Frames it looked at. */
  frames(): number;
}

export function judgedPair(seed: number, wire: WireOptions = {}, tcp: Partial<TcpOptions> = {}): Judged {
  const trace: TraceEvent[] = [];
  const problems: string[] = [];
  let frames = 0;
  const world = new World({ seed, trace: (event) => trace.push(event) });
  const a = world.host('a', { tcp });
  const b = world.host('b', { tcp });
  const joined = world.join(a, b, {
    ...wire,
    wrap: (link, host) =>
      tap(link, world.scheduler, (direction, time, packet) => {
        if (direction !== 'send') return;
        frames++;
        const bytes = packet.buf.slice(packet.off, packet.off + packet.len);
        // A super-segment stands for segments that are still to be cut.
        if (packet.segmentSize > 0) return;
        for (const problem of checkFrame(bytes, link.medium)) problems.push(`${host.name} at ${time}: ${problem}`);
      }),
  });
  return { world, a, b, wire: joined, trace, problems, frames: () => frames };
}

export interface Stream {
  /** What is written, in pieces, as the send buffer takes it. */
  readonly data: Uint8Array;
  readonly received: number[];
  ended: boolean;
  closed: boolean;
  error: string | null;
}

export function stream(data: Uint8Array): Stream {
  return { data, received: [], ended: false, closed: false, error: null };
}

/** Writes `own.data`, closes, and collects what comes into `other.received`. */
export function talk(socket: TcpSocket, own: Stream, other: Stream, piece: number = 5000): void {
  let at = 0;
  const write = (): void => {
    while (at < own.data.length) {
      const length = Math.min(piece, own.data.length - at);
      const taken = socket.write(own.data, at, length);
      at += taken;
      if (taken < length) return;
    }
    if (!own.ended) {
      own.ended = true;
      socket.end();
    }
  };
  const read = (): void => {
    for (let view = socket.peek(); view.length > 0; view = socket.peek()) {
      for (const octet of view) other.received.push(octet);
      socket.consume(view.length);
    }
  };
  socket.handler = {
    onConnect: write,
    onWritable: write,
    onReadable: read,
    onClose: (_, error) => {
      read();
      own.closed = true;
      own.error = error === null ? null : error.code;
    },
  };
  if (socket.state === 'ESTABLISHED') write();
}
