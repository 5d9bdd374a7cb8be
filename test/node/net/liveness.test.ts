/**
 * What keeps a process alive: programs run to their end on both modules, `net` being the one that is tried. Each says in the end whether
 * it ended by itself (`free`), or was there when it was asked (`held`).
 */

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../house/source.ts';

/** When a process that has not ended is asked, ms: soon where it ought to be held, late where it ought to end by itself. */
const ASKED = { held: 500, free: 20_000 };

const PROGRAMS: ReadonlyArray<readonly [string, 'free' | 'held', string]> = [
  ['that only imports the module', 'free', ''],
  ['with a socket that was never connected', 'free', 'new net.Socket().setTimeout(10_000);'],
  ['with a server', 'held', 'serve(() => {});'],
  ['with a server that does not count', 'free', 'serve(() => {}).unref();'],
  ['with a server that does not count, told before it listens', 'free', 'net.createServer().unref().listen(0);'],
  ['with a server that counts again', 'held', 'serve(() => {}).unref().ref();'],
  ['with a server that is closed', 'free', 'const server = serve(() => server.close());'],
  [
    'with a client that reads',
    'held',
    'const server = serve(() => connect(server).resume(), (accepted) => accepted.pause()); server.unref();',
  ],
  [
    'with a client that reads and does not count',
    'free',
    'const server = serve(() => connect(server).resume().unref(), (accepted) => accepted.unref()); server.unref();',
  ],
  [
    'with a client that was told not to count before it was connected',
    'free',
    'const server = serve(() => { const c = new net.Socket(); c.unref(); c.connect(server.address().port, "127.0.0.1").resume(); }, (accepted) => accepted.unref()); server.unref();',
  ],
  [
    'with an accepted socket that reads',
    'held',
    'const server = serve(() => connect(server).pause(), (accepted) => accepted.resume()); server.unref();',
  ],
  [
    'with sockets that do not read',
    'free',
    'const server = serve(() => connect(server).pause(), () => {}, { pauseOnConnect: true }); server.unref();',
  ],
  [
    'with sockets that do not count, and a timeout on them',
    'free',
    'const server = serve(() => connect(server).resume().setTimeout(30_000).unref(), (accepted) => accepted.resume().unref()); server.unref();',
  ],
  [
    'with text that nobody takes',
    'held',
    'const server = serve(() => { const c = connect(server); c.unref(); c.write(Buffer.alloc(30_000_000)); }, (accepted) => { accepted.pause(); accepted.unref(); }); server.unref();',
  ],
  [
    'whose conversation is over',
    'free',
    'const server = serve(() => connect(server).on("close", () => server.close()).resume().end("x"), (accepted) => accepted.resume());',
  ],
  [
    'whose sockets were destroyed',
    'free',
    'const server = serve(() => connect(server).on("connect", function () { this.destroy(); server.close(); }), (accepted) => accepted.resume());',
  ],
  [
    'whose client was reset',
    'free',
    'const server = serve(() => connect(server).on("connect", function () { this.resetAndDestroy(); server.close(); }), (accepted) => accepted.on("error", () => {}).resume());',
  ],
];

const prelude = (wait: number): string => `
const serve = (ready, accept = () => {}, options = {}) => net.createServer(options, accept).listen(0, '127.0.0.1', ready);
const connect = (server) => net.connect(server.address().port, '127.0.0.1');
let verdict = 'free';
process.on('exit', () => console.log(verdict));
setTimeout(() => { verdict = 'held'; process.exit(); }, ${wait}).unref();
`;

function run(from: string, program: string, expected: 'free' | 'held'): Promise<string> {
  const source = `import net from ${JSON.stringify(from)};${prelude(ASKED[expected])}${program}`;
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', source], { cwd: ROOT, timeout: 50_000 });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += String(data)));
    child.once('error', fail);
    child.once('close', () => done(output.trim()));
  });
}

describe.each([
  ['node:net', 'node:net'],
  ['tsyn/net', join(ROOT, 'dist/node/net/index.js')],
])('%s: a process', (_name, from) => {
  it.concurrent.each(PROGRAMS)('%s is %s', async (_title, expected, program) => {
    expect(await run(from, program, expected)).toBe(expected);
  });
});
