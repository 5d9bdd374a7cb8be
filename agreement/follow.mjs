/** Owns: what tsyn finds in a capture, frame by frame and connection by connection, in the shape in which `wireshark.mjs` has it. */

import { ANOMALIES, Connections } from '../dist/explain/index.js';
import { CaptureReader, ipStart } from '../dist/trace/index.js';

/**
 * @param octets of the capture, as a list of pieces
 * @returns { frames, connections, error }: of each frame with TCP `{ stream, flags, length, from, cut }`, by its number; of each
 *   connection `{ stream, a, b, frames, octets }`, what b sent before what a sent; why the capture could not be read on, or null
 */
export function follow(pieces) {
  const frames = new Map();
  const connections = new Connections({
    onSegment: ({ frame, connection, from, anomalies, cut }) => {
      const { stream } = connection;
      frames.set(frame, { stream, flags: anomalies.map(flagOf), length: 0, from, cut });
    },
  });
  const reader = new CaptureReader((packet) => {
    const at = ipStart(packet);
    if (at < 0) return;
    connections.take(packet, at);
    const told = frames.get(packet.frame);
    if (told !== undefined) told.length = packet.length;
  });
  let error = null;
  try {
    for (const piece of pieces) reader.push(piece);
    reader.end();
  } catch (reason) {
    if (reason.code !== 'ERR_CAPTURE') throw reason;
    error = reason;
  }
  return { frames, connections: [...connections].map(rowOf), error };
}

/** Every flag that can be. */
export const FLAGS = ANOMALIES.map(({ name }) => name);

/** An anomaly in a word; of a duplicate ACK also which one it is. */
export function flagOf({ name, duplicate }) {
  return duplicate === undefined ? name : `${name} ${duplicate.of}#${duplicate.number}`;
}

function rowOf({ stream, sides: [a, b] }) {
  return { stream, a: a.name, b: b.name, frames: [b.packets, a.packets], octets: [b.octets, a.octets] };
}
