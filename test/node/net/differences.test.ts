/**
 * Where tsyn/net is not as Node's `net`: each row of docs/net-differences.md is shown here on both, so that a difference which goes
 * away, or a new one that is found, has to be written down.
 */

import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { PerformanceObserver } from 'node:perf_hooks';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../house/source.ts';
import { host, type Net, tsyn } from './modules.ts';
import { portOf, sleep } from './stage.ts';

interface Difference {
  /** As the page has it. */
  readonly id: string;
  readonly title: string;
  readonly observe: (net: Net) => unknown;
  readonly node: unknown;
  readonly tsyn: unknown;
}

const DIFFERENCES: readonly Difference[] = [
  {
    id: 'class',
    title: 'a socket is no instance of the host’s net.Socket',
    observe: (net) => new net.Socket() instanceof host.Socket,
    node: true,
    tsyn: false,
  },
  {
    id: 'network',
    title: 'what the kernel listens at is not reached',
    observe: (net) => withServer(host, '127.0.0.1', (port) => outcome(net.connect(port, '127.0.0.1'))),
    node: 'connect',
    tsyn: 'connect ECONNREFUSED',
  },
  {
    id: 'source-address',
    title: 'a connection to another address of loopback comes from that address',
    observe: (net) =>
      withServer(net, '127.0.0.2', async (port) => {
        const client = net.connect(port, '127.0.0.2');
        await once(client, 'connect');
        const { localAddress } = client;
        client.destroy();
        return localAddress;
      }),
    node: '127.0.0.1',
    tsyn: '127.0.0.2',
  },
  {
    id: 'local-port',
    title: 'a local port that has a connection to the same place already is found out by connect',
    observe: (net) =>
      withServer(net, '127.0.0.1', async (port) => {
        const first = net.connect(port, '127.0.0.1');
        await once(first, 'connect');
        const said = await outcome(net.connect({ port, host: '127.0.0.1', localPort: first.localPort! }));
        first.destroy();
        return said;
      }),
    node: 'bind EADDRINUSE',
    tsyn: 'connect EADDRINUSE',
  },
  {
    id: 'cluster',
    title: 'there is nothing for node:cluster to share',
    observe: (net) => typeof Reflect.get(net, '_createServerHandle'),
    node: 'function',
    tsyn: 'undefined',
  },
  {
    id: 'performance-entries',
    title: 'perf_hooks has no entries of type net',
    observe: async (net) => {
      const types: string[] = [];
      const observer = new PerformanceObserver((list) => {
        types.push(...list.getEntries().map((entry) => entry.name));
      });
      observer.observe({ entryTypes: ['net'] });
      await withServer(net, '127.0.0.1', (port) => outcome(net.connect(port, '127.0.0.1')));
      await sleep(20);
      observer.disconnect();
      return types;
    },
    node: ['connect'],
    tsyn: [],
  },
  {
    id: 'debug',
    title: 'NODE_DEBUG=net prints nothing',
    observe: (net) => {
      const from = net === host ? 'node:net' : join(ROOT, 'dist/node/net/index.js');
      const source = `import net from ${JSON.stringify(from)}; new net.Socket().destroy();`;
      const env = { ...process.env, NODE_DEBUG: 'net' };
      const { stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', source], { env, encoding: 'utf8' });
      return /^NET \d+:/m.test(stderr);
    },
    node: true,
    tsyn: false,
  },
];

async function withServer<T>(net: Net, address: string, act: (port: number) => Promise<T>): Promise<T> {
  const server = net.createServer((accepted) => accepted.on('error', () => {}).resume()).listen(0, address);
  await once(server, 'listening');
  try {
    return await act(portOf(server));
  } finally {
    server.close();
  }
}

/** `connect`, or the syscall and code of the error. Destroys the socket. */
async function outcome(socket: Socket): Promise<string> {
  const said = await new Promise<string>((done) => {
    socket.once('connect', () => done('connect'));
    socket.once('error', ({ syscall, code }: NodeJS.ErrnoException) => done(`${syscall} ${code}`));
  });
  socket.destroy();
  return said;
}

describe('a difference from node:net', () => {
  it.each(DIFFERENCES)('$id: $title', async ({ observe, node, tsyn: own }) => {
    expect(await observe(host)).toEqual(node);
    expect(await observe(tsyn)).toEqual(own);
    expect(own).not.toEqual(node);
  });

  it('is on the page, and what is on the page is one', () => {
    const page = readFileSync(join(ROOT, 'docs/net-differences.md'), 'utf8');
    const [, table = ''] = /^## Differences$(.*?)^## /ms.exec(page) ?? [];
    const rows = [...table.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, id]) => id);
    expect(rows).toEqual(DIFFERENCES.map(({ id }) => id));
  });
});
