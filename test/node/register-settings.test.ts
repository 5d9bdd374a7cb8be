import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Scheduler } from '../../src/base/scheduler.ts';
import { EventLoopDriver } from '../../src/node/driver.ts';
import { FrameStreamLink } from '../../src/node/frame-stream.ts';
import { readSettings } from '../../src/node/register/settings.ts';
import { createStack } from '../../src/stack/index.ts';
import { missingForTun, skipTitle } from '../helpers/needs.ts';
import { linesOf, registered } from '../helpers/registered.ts';

let folder: string;
let file: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tsyn-'));
  file = join(folder, 'tsyn.json');
});
afterAll(() => rmSync(folder, { recursive: true }));

function fromFile(content: unknown): ReturnType<typeof readSettings> {
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return readSettings({ TSYN_CONFIG: file });
}

const TUN = { link: 'tun:x', addresses: '10.0.0.2/24' };

describe('settings of tsyn/register', () => {
  it('are none where the environment says nothing', () => {
    expect(readSettings({ TSYN_LINK: '' })).toEqual({ interfaces: [], hosts: new Map(), stack: {} });
  });

  it('are the same from variables and from a file', () => {
    const variables = readSettings({
      TSYN_LINK: 'tap:tap7',
      TSYN_ADDRESS: '10.0.0.2/24,fd00::2/64',
      TSYN_MAC: '02:00:00:00:00:07',
      TSYN_GATEWAY: '10.0.0.1',
      TSYN_MTU: '1400',
      TSYN_CONFIGURE: '10.0.0.1/24',
    });
    expect(variables.interfaces[0]).toMatchObject({
      link: { kind: 'tap', target: 'tap7' },
      addresses: ['10.0.0.2/24', 'fd00::2/64'],
      gateways: ['10.0.0.1'],
      mtu: 1400,
      offload: true,
      configure: ['10.0.0.1/24'],
    });
    const one = {
      link: 'tap:tap7',
      addresses: ['10.0.0.2/24', 'fd00::2/64'],
      mac: '02:00:00:00:00:07',
      gateway: '10.0.0.1',
      mtu: 1400,
      configure: ['10.0.0.1/24'],
    };
    expect(fromFile({ interfaces: [one] }).interfaces).toEqual(variables.interfaces);
  });

  it('are as docs/net.md has them', () => {
    const page = readFileSync(new URL('../../docs/net.md', import.meta.url), 'utf8');
    const settings = fromFile(/^```json\n([\s\S]*?)^```/m.exec(page)![1]);
    expect(settings.interfaces).toHaveLength(1);
    expect(settings.hosts.get('db.example')).toEqual(['10.77.0.9', 'fd77::9']);
    const stack = createStack({ scheduler: new Scheduler(0), random: { uint32: () => 7 }, ...settings.stack });
    expect(stack.config.tcp.minRto).toBe(200);
    stack.close();
  });

  const wrongVariables: [Record<string, string>, string][] = [
    [{ TSYN_LINK: 'eth0' }, "TSYN_LINK must be tun:NAME, tap:NAME or unix:PATH, not 'eth0'"],
    [{ TSYN_LINK: 'tun:x' }, 'an address is needed: TSYN_ADDRESS 10.77.0.2/24'],
    [{ TSYN_ADDRESS: '10.0.0.2/24' }, 'a link is needed: TSYN_LINK tun:NAME, tap:NAME or unix:PATH'],
    [
      { TSYN_LINK: 'tun:x', TSYN_ADDRESS: '10.0.0.2' },
      "TSYN_ADDRESS must be an address with the length of its prefix, like 10.77.0.2/24, not '10.0.0.2'",
    ],
    [
      { TSYN_LINK: 'tun:x', TSYN_ADDRESS: '10.0.0.2/24,' },
      "TSYN_ADDRESS must be an address with the length of its prefix, like 10.77.0.2/24, not ''",
    ],
    [
      { TSYN_LINK: 'tun:x', TSYN_ADDRESS: '10.0.0.2/24', TSYN_MTU: '9e3' },
      "TSYN_MTU must be an integer from 68 to 65535, not '9e3'",
    ],
    [
      { TSYN_LINK: 'tun:x', TSYN_CONFIG: 'y' },
      'TSYN_CONFIG and TSYN_LINK are both set: a file has all there is to say',
    ],
  ];
  for (const [environment, message] of wrongVariables) {
    it(`that make no sense are named: ${message}`, () => {
      expect(() => readSettings(environment)).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE', message }),
      );
    });
  }

  const wrongFiles: [unknown, string][] = [
    ['{', 'it is not JSON: '],
    [[], 'the whole of it must be an object'],
    [{ interface: [] }, "the whole of it has no 'interface': it may have interfaces, hosts, tcp, config"],
    [{ interfaces: {} }, 'interfaces must be a list'],
    [{ interfaces: [TUN, { ...TUN, adress: 1 }] }, "interfaces[1] has no 'adress'"],
    [{ interfaces: [{ link: 'tun:x' }] }, 'an address is needed: interfaces[0].addresses'],
    [{ interfaces: [{ ...TUN, addresses: [7] }] }, 'interfaces[0].addresses must be a text, or a list of texts'],
    [{ interfaces: [{ ...TUN, mtu: '1500' }] }, 'interfaces[0].mtu must be a number'],
    [{ interfaces: [{ ...TUN, mtu: 67 }] }, 'interfaces[0].mtu must be an integer from 68 to 65535, not 67'],
    [{ interfaces: [{ ...TUN, offload: 1 }] }, 'interfaces[0].offload must be true or false'],
    [{ interfaces: [{ ...TUN, link: 3 }] }, 'interfaces[0].link must be a text'],
    [
      { interfaces: [{ ...TUN, gateway: ['10.0.0.1', '10.0.0.3'] }] },
      'interfaces[0].gateway must be at most one address',
    ],
    [{ hosts: { db: '10.0.0.300' } }, "hosts['db'] must be an IP address, not '10.0.0.300'"],
    [{ hosts: { db: [] } }, "hosts['db'] has no address"],
  ];
  for (const [content, message] of wrongFiles) {
    it(`in a file that make no sense are named: ${message}`, () => {
      const text = expect.stringContaining(`TSYN_CONFIG, ${file}: ${message}`);
      expect(() => fromFile(content)).toThrow(expect.objectContaining({ message: text }));
    });
  }

  it('that are wrong end the process with status 1 before the program runs', async () => {
    const program = `console.log('the program runs');`;
    const outcomes = [
      [{ TSYN_CONFIG: join(folder, 'none') }, `TSYN_CONFIG, ${join(folder, 'none')}: it cannot be read (ENOENT)`],
      [{ TSYN_LINK: 'unix:/no/such/socket', TSYN_ADDRESS: '10.0.0.2/24' }, 'there is no socket /no/such/socket'],
      [{ TSYN_LINK: 'unix:/', TSYN_ADDRESS: '255.255.255.255/24' }, 'address'],
    ] as const;
    for (const [env, message] of outcomes) {
      const { status, stdout, stderr } = await registered(program, { type: 'commonjs', env });
      expect([status, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(/^tsyn\/register: [^\n]*\n$/);
      expect(stderr).toContain(message);
    }
    writeFileSync(file, JSON.stringify({ config: { tcp: { mls: 1 } } }));
    const { status, stderr } = await registered(program, { type: 'commonjs', env: { TSYN_CONFIG: file } });
    expect([status, stderr]).toEqual([1, 'tsyn/register: config.tcp.mls must be a known setting, not 1\n']);
  });
});

describe('a program with a link', () => {
  it('reaches another host through a Unix socket, by a name of its own, and ends when it is done', async () => {
    const driver = new EventLoopDriver();
    const stack = createStack({ name: 'other', scheduler: driver.scheduler, random: { uint32: () => 7 } });
    const { pool, scheduler } = stack;
    const path = join(folder, 'link');
    const server = net.createServer((socket) => {
      const link = new FrameStreamLink(socket, { pool, scheduler });
      stack.addInterface({ link, name: 'eth0', addresses: ['10.0.0.1/24'], mac: '02:00:00:00:00:01' });
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
    stack.tcp.listen({
      port: 7,
      onConnection: () => {},
      handler: {
        onReadable: (socket) => socket.consume(socket.write(socket.peek())),
        onEnd: (socket) => socket.end(),
      },
    });
    writeFileSync(
      file,
      JSON.stringify({
        interfaces: [{ link: `unix:${path}`, addresses: '10.0.0.2/24' }],
        hosts: { 'echo.example': ['fd00::1', '10.0.0.1'] },
        tcp: { noDelay: true },
      }),
    );
    const lines = await linesOf(
      `import net from 'node:net';
       const socket = net.connect({ port: 7, host: 'Echo.example', family: 4 }, () => socket.end('over the link'));
       say(await text(socket), socket.remoteAddress ?? 'gone');
       const [error] = await once(net.connect(80, '192.0.2.1'), 'error');
       say(error.code);`,
      { env: { TSYN_CONFIG: file } },
    );
    expect(lines).toEqual(['over the link gone', 'ENETUNREACH']);
    server.close();
    stack.close();
    driver.close();
  });
});

const missing = missingForTun() ?? (existsSync('/proc/self/ns/net') ? null : 'needs network namespaces');

describe.skipIf(missing !== null)(skipTitle('a program with a TUN device', missing), () => {
  const dist = (path: string): string => new URL(`../../dist/${path}`, import.meta.url).href;
  const inNamespace = (source: string, env: Record<string, string>): string =>
    execFileSync(
      'unshare',
      ['--net', process.execPath, '--import', dist('node/register/index.js'), '--input-type=module', '-e', source],
      { encoding: 'utf8', timeout: 30_000, env: { ...process.env, ...env } },
    );
  const env = { TSYN_LINK: 'tun:tsyn%d', TSYN_ADDRESS: '10.77.0.2/24', TSYN_CONFIGURE: '10.77.0.1/24' };

  it('talks with the kernel in both directions, and ends when it is done', () => {
    // A process without register is the kernel's side.
    const source = `
      import { spawn } from 'node:child_process';
      import { once } from 'node:events';
      import http from 'node:http';
      import { text } from 'node:stream/consumers';
      const kernel = (source) => spawn(process.execPath, ['-e', source], { stdio: ['ignore', 'pipe', 'inherit'] });
      const other = kernel("require('http').createServer((_, r) => r.end('the kernel')).listen(80, '10.77.0.1', () => console.log('up'))");
      await once(other.stdout, 'data');
      console.log(await (await fetch('http://10.77.0.1/')).text());
      other.kill();
      const server = http.createServer(({ socket }, r) => r.end(socket.remoteAddress)).listen(80);
      await once(server, 'listening');
      console.log(await text(kernel("require('http').get('http://10.77.0.2/', (r) => r.pipe(process.stdout))").stdout));
      server.close();
      server.closeAllConnections();`;
    expect(inNamespace(source, env)).toBe('the kernel\n::ffff:10.77.0.1\n');
  });

  it('ends at once where it has no sockets', () => {
    expect(inNamespace(`console.log('nothing to wait for')`, env)).toBe('nothing to wait for\n');
  });
});
