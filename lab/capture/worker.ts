/**
 * Owns: captures on the worker's side: a file is read in pieces, twice where a connection is to be told in full, so that memory grows
 * with its connections and not with the file.
 */

import {
  ANOMALIES,
  atHosts,
  CaptureReport,
  type Connection,
  storyInChinese,
  storyInEnglish,
  tellStory,
} from 'tsyn/explain';
import { CaptureError, CaptureReader } from 'tsyn/trace';
import type { End, Problem, Request, Response, Row, Table } from './messages.ts';

/** Connections that are listed. */
const MOST_ROWS = 1000;
/** Octets between two words about how far it has got. */
const EVERY = 8_000_000;

let file: File | null = null;

export async function serve(request: Request, tell: (response: Response) => void): Promise<void> {
  try {
    if (request.ask === 'read') {
      file = request.file;
      tell({ table: await tableOf(file, tell) });
    } else if (file !== null) tell(await toldOf(file, request.stream, request.language));
  } catch (error) {
    tell({ failed: error instanceof Error ? error.message : String(error) });
  }
}

/** @returns what stopped it, or null */
async function read(from: File, report: CaptureReport, tell: (response: Response) => void): Promise<Problem | null> {
  const capture = new CaptureReader((packet) => report.take(packet));
  const pieces = from.stream().getReader();
  let told = 0;
  let done = 0;
  try {
    for (let piece = await pieces.read(); !piece.done; piece = await pieces.read()) {
      capture.push(piece.value);
      done += piece.value.length;
      if (done - told < EVERY) continue;
      told = done;
      tell({ read: done, of: from.size });
    }
    capture.end();
  } catch (error) {
    if (!(error instanceof CaptureError)) throw error;
    const { offset, block, reason } = error;
    return { offset, block, reason };
  } finally {
    report.end();
    await pieces.cancel();
  }
  return null;
}

async function tableOf(from: File, tell: (response: Response) => void): Promise<Table> {
  const report = new CaptureReport({ few: 0 });
  const problem = await read(from, report, tell);
  const { connections } = report;
  const rows: Row[] = [];
  const origin = connections[Symbol.iterator]().next().value?.first ?? 0;
  for (const connection of connections) {
    if (rows.length === MOST_ROWS) break;
    rows.push(rowOf(connection, origin));
  }
  const { size, counts } = connections;
  return { name: from.name, packets: counts.packets, rows, more: size - rows.length, problem };
}

function rowOf(connection: Connection, origin: number): Row {
  const { stream, sides, opener, first, duration, initialRoundTrip } = connection;
  const ends = sides.map(({ name, packets, octets, text, retransmissions }) => ({
    name,
    packets,
    octets,
    text,
    retransmissions,
  }));
  const [a, b] = (opener === 1 ? ends.reverse() : ends) as [End, End];
  const anomalies = ANOMALIES.map(({ name, label }) => ({ name, label, count: connection.anomalies(name) }));
  return {
    stream,
    ends: [a, b],
    opened: opener !== null,
    begins: first - origin,
    duration,
    roundTrip: initialRoundTrip,
    anomalies: anomalies.filter(({ count }) => count > 0),
  };
}

async function toldOf(from: File, stream: number, language: 'en' | 'zh'): Promise<Response> {
  const report = new CaptureReport({ connection: stream });
  await read(from, report, () => {});
  const told = report.told()[0]!;
  const { life, left } = told;
  const names = life.follower.ends.map(({ host }) => host);
  const hosts = (life.opener === 1 ? names.reverse() : names) as [string, string];
  const story = tellStory(life, language === 'zh' ? storyInChinese : storyInEnglish);
  return { told: { stream, language, hosts, story, events: atHosts(told), left } };
}
