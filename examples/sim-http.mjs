// A client of http that takes half a file for a whole one: npm run -s build && node examples/sim-http.mjs
//
// The answer has no length, so its end is the connection's; and the connection of a process that is killed ends, too.
import http from 'node:http';
import { simulate } from 'tsyn/sim';

const ROWS = 200;
const LAST = '# that is all\n';

/** Writes a row every 10 ms; by chance it is killed, and started again. */
const serve = (sim) =>
  http
    .createServer((_, response) => {
      response.useChunkedEncodingByDefault = false;
      response.writeHead(200, { connection: 'close' });
      let row = 0;
      const write = () => {
        if (sim.chance('the process is killed', 0.01)) response.socket.destroy();
        else if (++row > ROWS) response.end(LAST);
        else {
          response.write(`row ${row}\n`);
          setTimeout(write, 10);
        }
      };
      write();
    })
    .listen(80);

const fetchExport = () =>
  new Promise((resolve, reject) => {
    http
      .get('http://reports/', (response) => {
        let body = '';
        response
          .setEncoding('utf8')
          .on('data', (text) => (body += text))
          .on('end', () => resolve(body));
      })
      .on('error', reject);
  });

async function fetchWhole() {
  for (;;) {
    const body = await fetchExport();
    if (body.endsWith(LAST)) return body;
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

for (const fetch of [fetchExport, fetchWhole]) {
  let short = 0;
  for (let seed = 1; seed <= 20; seed++) {
    const sim = simulate({ seed });
    const warehouse = sim.host('warehouse');
    const reports = sim.host('reports');
    sim.link(warehouse, reports, { latency: 20, loss: 0.01 });
    reports.run(() => serve(sim));
    const body = await sim.until(warehouse.run(fetch));
    if (body.split('\n').filter((line) => line.startsWith('row')).length < ROWS) short++;
    await sim.close();
  }
  console.log(`http: ${fetch.name}: ${short} of 20 files are short`);
}
