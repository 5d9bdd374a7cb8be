#!/usr/bin/env node
/**
 * The frames of a capture in which tsyn finds anomalies, one a line: its number, a tab, and what they are:
 *
 *     node agreement/anomalies.mjs FILE
 *
 * A program of its own, so that another can have it done beside itself.
 */

import { createReadStream } from 'node:fs';
import { Connections } from '../dist/explain/index.js';
import { CaptureReader, ipStart } from '../dist/trace/index.js';
import { flagOf } from './follow.mjs';

const lines = [];
const connections = new Connections({
  onSegment: ({ frame, anomalies, cut }) => {
    if (anomalies.length > 0 && !cut) lines.push(`${frame}\t${anomalies.map(flagOf).join(' + ')}\n`);
  },
});
const reader = new CaptureReader((packet) => {
  const at = ipStart(packet);
  if (at >= 0) connections.take(packet, at);
});
for await (const chunk of createReadStream(process.argv[2])) reader.push(chunk);
reader.end();
process.stdout.write(lines.join(''));
