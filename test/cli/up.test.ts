/**
 * `tsyn up` and `tsyn nc` as processes: with each other over a Unix socket, which needs no rights; on TUN devices in a
 * network namespace, with the kernel and its tools as peers.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { LINKTYPE_ETHERNET, readCaptureContents } from '../../src/trace/index.ts';
import { hasCommand, missingForTun, Namespace, skipTitle } from '../helpers/needs.ts';
import { MAIN } from './run.ts';

const missing = missingForTun() ?? (hasCommand('curl') ? null : 'needs curl');

class Running {
  stdout = '';
  stderr = '';
  readonly child: ChildProcess;
  readonly exit: Promise<number | null>;

  constructor(namespace: Namespace | null, words: readonly string[], input: string | null = null) {
    const here = [process.execPath, MAIN, ...words];
    const [command, ...rest] = namespace === null ? here : ['ip', 'netns', 'exec', namespace.name, ...here];
    this.child = spawn(command!, rest);
    this.child.stdout!.setEncoding('latin1').on('data', (text: string) => {
      this.stdout += text;
    });
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.exit = once(this.child, 'close').then(([status]) => status);
    if (input !== null) this.child.stdin!.end(input);
  }

  async until(wanted: RegExp): Promise<void> {
    for (let i = 0; i < 1000; i++) {
      if (wanted.test(this.stdout) || wanted.test(this.stderr)) return;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`no ${wanted} in:\n${this.stdout}\n${this.stderr}`);
  }
}

describe('the command on a Unix socket', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tsyn-'));
  const path = join(folder, 'hub');
  const running: Running[] = [];
  /** A cable: the first that connects has it for good, the others one after the other. */
  let host: Socket | null = null;
  let guest: Socket | null = null;
  const cable = createServer((socket) => {
    socket.on('error', () => {});
    if (host === null) {
      host = socket;
      host.on('data', (frames) => guest?.write(frames));
    } else {
      guest = socket;
      guest.on('data', (frames) => host?.write(frames));
    }
  });
  const start = (words: readonly string[], address: string, input: string | null = null): Running => {
    const one = new Running(null, [...words, '--link', `unix:${path}`, '--address', address], input);
    running.push(one);
    return one;
  };

  beforeAll(async () => {
    cable.listen(path);
    await once(cable, 'listening');
  });

  afterAll(async () => {
    for (const { child } of running) if (child.exitCode === null) child.kill('SIGKILL');
    await Promise.all(running.map(({ exit }) => exit));
    cable.close();
    rmSync(folder, { recursive: true });
  });

  it('serves another of its kind without any rights', async () => {
    const capture = join(folder, 'up.pcapng');
    const words = ['up', '--mac', '02:00:00:00:00:01', '--serve', 'echo:7,http:80,discard:9', '--capture', capture];
    const up = start([...words, '--ladder'], '10.9.0.1/24,fd09::1/64');
    await up.until(/^up on unix eth0, MTU 1500, 02:00:00:00:00:01; 10\.9\.0\.1\/24, fd09::1\/64; serving/);

    const text = 'there and back again\n'.repeat(10_000);
    const echo = start(['nc', '10.9.0.1', '7'], '10.9.0.2/24', text);
    expect(await echo.exit).toBe(0);
    expect(echo.stdout === text).toBe(true);

    const http = start(['nc', 'fd09::1', '80'], 'fd09::3/64', 'GET /bytes/300000 HTTP/1.0\r\n\r\n');
    expect(await http.exit).toBe(0);
    expect(http.stdout).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(http.stdout.length - http.stdout.indexOf('\r\n\r\n') - 4).toBe(300_000);

    const refused = start(['nc', '10.9.0.1', '8'], '10.9.0.4/24', '');
    expect(await refused.exit).toBe(1);
    expect(refused.stderr).toBe('tsyn nc: connect ECONNREFUSED 10.9.0.1:8\n');

    const absent = start(['nc', '-w', '1', '10.9.0.99', '8'], '10.9.0.5/24', '');
    expect(await absent.exit).toBe(1);
    expect(absent.stderr).toBe('tsyn nc: connect ETIMEDOUT 10.9.0.99:8\n');

    // The file is whole while it grows.
    const { interfaces, packets, error } = readCaptureContents(readFileSync(capture));
    expect(error).toBeNull();
    expect(interfaces).toMatchObject([{ name: 'eth0', linkType: LINKTYPE_ETHERNET }]);
    expect(packets.length).toBeGreaterThan(200);
    expect(new Set(packets.map(({ direction }) => direction))).toEqual(new Set(['inbound', 'outbound']));

    host!.destroy();
    expect(await up.exit).toBe(1);
    expect(up.stderr).toBe('tsyn up: the link has been closed by its other end\n');
    expect(up.stdout).toMatch(/#1 echo .* closed by both sides: .*in 210,000, out 210,000 octets/);
    expect(up.stdout).toMatch(/\ndown \(the link is gone\): 2 connections; .*\ncaptured \d+ packets\n$/);
    const row = (port: number, state: string, segment: string, peer: string): RegExp =>
      new RegExp(`^ +[\\d.]+ +${port} ${state} +\\|[<-]-+ ${segment}.* -+[>-]\\|  ${peer}$`, 'm');
    for (const wanted of [
      row(7, 'SYN-RECEIVED', 'SYN seq=0 win=\\d+ mss=1460', '10\\.9\\.0\\.2:\\d+'),
      row(7, '', 'SYN,ACK seq=0 ack=1', '10\\.9\\.0\\.2:\\d+'),
      row(7, 'ESTABLISHED', '(PSH,)?ACK seq=1 ', '10\\.9\\.0\\.2:\\d+'),
      row(7, 'CLOSED', 'ACK seq=\\d+ ack=210002', '10\\.9\\.0\\.2:\\d+'),
      row(80, '', 'PSH,ACK seq=\\d+ len=\\d+', '\\[fd09::3\\]:\\d+'),
      row(8, '', 'RST,ACK seq=0 ack=1 win=0', '10\\.9\\.0\\.4:\\d+'),
    ])
      expect(up.stdout).toMatch(wanted);
  });
});

describe.skipIf(missing !== null)(skipTitle('the command on a TUN device', missing), () => {
  let namespace: Namespace;
  const running: Running[] = [];
  const start = (words: readonly string[], input: string | null = null): Running => {
    const one = new Running(namespace, words, input);
    running.push(one);
    return one;
  };
  const link = (n: number): string[] => {
    const addresses = ['--address', `10.77.${n}.2/24,fd77:${n}::2/64`];
    return ['--link', `tun:up${n}`, ...addresses, '--configure', `10.77.${n}.1/24,fd77:${n}::1/64`];
  };

  beforeAll(() => {
    namespace = new Namespace('cli');
  });

  afterEach(async () => {
    for (const one of running.splice(0)) {
      if (one.child.exitCode === null) one.child.kill('SIGKILL');
      await one.exit;
    }
  });

  afterAll(() => {
    namespace.delete();
  });

  it('serves the kernel and curl, tells of each connection, and ends in good order', async () => {
    const up = start(['up', ...link(1), '--serve', 'http:80,echo:7,chargen:19']);
    await up.until(/^up on tun up1, MTU 1500/);
    namespace.run('ping', '-c', '1', '-W', '5', '10.77.1.2');
    const index = namespace.run('curl', '-s', '-m', '10', 'http://10.77.1.2/', 'http://[fd77:1::2]/counters');
    expect(index).toContain('It works');
    expect(index).toContain('TcpPassiveOpens');
    const code = ['-w', '%{http_code} %{size_download} %{num_connects} '];
    const urls = ['http://10.77.1.2/bytes/5000000', 'http://10.77.1.2/none'];
    expect(namespace.run('curl', '-s', '-m', '20', '-o', '/dev/null', '-o', '/dev/null', ...code, ...urls)).toBe(
      '200 5000000 1 404 27 0 ',
    );
    up.child.kill('SIGUSR1');
    await up.until(/tcp .*LISTEN[\s\S]*TcpInSegs/);
    up.child.kill('SIGINT');
    expect(await up.exit).toBe(0);
    expect(up.stderr).toBe('');
    expect(up.stdout).toMatch(/#1 http {4}10\.77\.1\.1:\d+ {2}established\n/);
    expect(up.stdout).toMatch(/#3 http {4}10\.77\.1\.1:\d+ {2}GET \/bytes\/5000000 200\n/);
    expect(up.stdout).toMatch(/#3 .* peer has closed its direction: CLOSE-WAIT\n/);
    expect(up.stdout).toMatch(/#3 .* closed by both sides: CLOSED; in \d+, out 5,000,\d+ octets, [\d,]+ ms\n/);
    expect(up.stdout).toMatch(/\ndown \(SIGINT\): 3 connections; .* retransmitted \d+\n$/);
  });

  it('says the same in JSON, with every state when asked', async () => {
    const up = start(['up', '--json', '-v', ...link(2), '--serve', 'http:80']);
    await up.until(/"event":"up"/);
    namespace.run('curl', '-s', '-m', '10', 'http://10.77.2.2/bytes/1');
    await up.until(/"event":"closed"/);
    up.child.kill('SIGTERM');
    expect(await up.exit).toBe(0);
    const lines = up.stdout.trimEnd().split('\n');
    const said = lines.map((line) => JSON.parse(line));
    expect(said[0]).toMatchObject({ event: 'up', services: ['http:80'] });
    expect(said.filter(({ event }) => event !== 'state').map(({ event }) => event)).toEqual([
      'up',
      'established',
      'served',
      'peer-closed',
      'closed',
      'down',
    ]);
    expect(said.filter(({ event }) => event === 'state').map(({ to }) => to)).toEqual([
      'SYN-RECEIVED',
      'ESTABLISHED',
      'CLOSE-WAIT',
      'LAST-ACK',
      'CLOSED',
    ]);
    expect(said.at(-1)).toMatchObject({ why: 'SIGTERM', accepted: 1 });
  });

  it('carries standard input and output between two of its kind, with the kernel as router', async () => {
    namespace.run('sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward');
    const listening = start(['nc', '-l', '-v', ...link(3), '--gateway', '10.77.3.1', '7000'], 'answer\n');
    await listening.until(/listening/);
    const request = 'of no particular protocol\n'.repeat(100_000);
    const asking = start(['nc', '--json', ...link(4), '--gateway', '10.77.4.1', '10.77.3.2', '7000'], request);
    expect(await asking.exit).toBe(0);
    expect(await listening.exit).toBe(0);
    expect(asking.stdout).toBe('answer\n');
    expect(listening.stdout === request).toBe(true);
    expect(JSON.parse(asking.stderr)).toEqual({ octetsIn: 7, octetsOut: request.length, error: null });
    expect(listening.stderr).toMatch(/established: 10\.77\.3\.2:7000 with 10\.77\.4\.2:\d+/);
  });

  it('fails with one line where nobody listens, or nobody answers', async () => {
    const refused = start(['nc', ...link(5), '10.77.5.1', '9'], '');
    expect(await refused.exit).toBe(1);
    expect(refused.stderr).toBe('tsyn nc: connect ECONNREFUSED 10.77.5.1:9\n');
    const silent = start(['nc', ...link(5), '--gateway', '10.77.5.1', '-w', '1', '192.0.2.1', '9'], '');
    expect(await silent.exit).toBe(1);
    expect(silent.stderr).toBe('tsyn nc: connect ETIMEDOUT 192.0.2.1:9\n');
  });

  it('says what stands in the way of a device', async () => {
    const first = start(['up', ...link(6)]);
    await first.until(/^up on/);
    const second = start(['up', ...link(6)]);
    expect(await second.exit).toBe(1);
    expect(second.stderr).toMatch(/^tsyn up: [^\n]*EBUSY[^\n]*\n$/);
  });
});
