/** http: an answer without a length, and an end of the connection that is no end of the answer. */

import http, { type IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { NodeSimulation } from '../../../../src/node/sim/index.ts';
import { SECOND, type Story, tell, tellMany } from './course.ts';

const ROWS = 100;
const LAST = `# ${ROWS} rows\n`;

/**
 * An export that is written row by row, as it comes from a database, with a last line that says so. Its length is not known before,
 * and clients of HTTP/1.0 know no chunks: the end of the connection is that of the answer. The server's process may be killed at any
 * row, and is started again; the kernel closes what it had open, in good order.
 */
function serveExport(sim: NodeSimulation, log: (words: string) => void): http.Server {
  return http
    .createServer((_request, response) => {
      response.useChunkedEncodingByDefault = false;
      response.writeHead(200, { 'content-type': 'text/csv', connection: 'close' });
      let row = 0;
      const write = (): void => {
        if (sim.chance('the process is killed', 0.006)) {
          log(`killed at row ${row}`);
          response.socket!.destroy();
        } else if (++row > ROWS) response.end(LAST);
        else {
          response.write(`${row},${'x'.repeat(60)}\n`);
          setTimeout(write, 5);
        }
      };
      write();
    })
    .listen(80);
}

/** The whole of a body, by what `http` says of it: the end has come, nothing was aborted, and the message is complete. */
function fetchExport(): Promise<string> {
  return new Promise((resolve, reject) => {
    http
      .get('http://reports/export.csv', (response: IncomingMessage) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => (body += text));
        response.on('error', reject);
        response.on('end', () => (response.complete ? resolve(body) : reject(new Error('the answer is not complete'))));
      })
      .on('error', reject);
  });
}

type Fetch = () => Promise<string>;

/** Asks until there is the line that is last. */
async function fetchWhole(): Promise<string> {
  for (;;) {
    const body = await fetchExport().catch(() => '');
    if (body.endsWith(LAST)) return body;
    await new Promise((resolve) => setTimeout(resolve, SECOND));
  }
}

/** @returns rows that the client has when it says that it is done, and how often the server was killed */
function nightly(fetch: Fetch): Story<{ rows: number; kills: number }> {
  return async ({ sim, log }) => {
    const [warehouse, reports] = [sim.host('warehouse'), sim.host('reports')];
    sim.link(warehouse, reports, { latency: 20, jitter: 5, bandwidth: 2e6, loss: 0.01 });
    reports.run(() => serveExport(sim, log));
    const body = await sim.until(warehouse.run(fetch));
    const rows = body.split('\n').filter((line) => /^\d+,x{60}$/.test(line)).length;
    log(`${rows} rows`);
    return { rows, kills: sim.faults.records.filter(({ fault }) => fault.kind === 'chance').length };
  };
}

describe('an export over http without a length', () => {
  it('is taken for whole by a client that believes the end of the stream, whenever its server was killed', async () => {
    const ends = await tellMany(12, nightly(fetchExport));
    const killed = ends.filter(({ kills }) => kills > 0);
    expect(killed.length).toBeGreaterThan(3);
    for (const { rows } of killed) expect(rows).toBeLessThan(ROWS);
    for (const { rows, kills } of ends) if (kills === 0) expect(rows).toBe(ROWS);
  });

  it('is whole if the client asks again until its last line has come', async () => {
    for (const { rows } of await tellMany(12, nightly(fetchWhole))) expect(rows).toBe(ROWS);
  });

  it('has one course of events for one seed', async () => {
    const first = await tell(2, nightly(fetchWhole));
    expect(first.log.at(-1)).toMatch(/ 100 rows$/);
    expect(await tell(2, nightly(fetchWhole))).toEqual(first);
    expect((await tell(3, nightly(fetchWhole))).hash).not.toBe(first.hash);
  });
});
