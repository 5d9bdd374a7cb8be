import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { LINKTYPE_RAW, PcapngWriter } from '../../src/trace/index.ts';
import { letters, TwoHosts } from '../explain/two-hosts.ts';
import { MAIN, tsynHere } from './run.ts';

const folder = mkdtempSync(join(tmpdir(), 'tsyn-explain-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function capture(name: string, hosts: TwoHosts): string {
  const writer = new PcapngWriter();
  const parts = [writer.header(), writer.interface({ linkType: LINKTYPE_RAW, name: 'wire' })];
  for (const { time, octets } of hosts.packets) {
    parts.push(writer.packet(0, 1_700_000_000_000 + time, octets, 0, octets.length));
  }
  const path = join(folder, name);
  writeFileSync(path, Buffer.concat(parts));
  return path;
}

/** One connection: a request, an answer of which one segment is lost, a half-close. */
function one(): TwoHosts {
  const hosts = new TwoHosts();
  const [client, server] = hosts.open();
  client.write(letters(100));
  hosts.pass(50);
  hosts.wire.link.drop((_packet, direction) => direction === 'receive', 1);
  server.write(letters(6000));
  hosts.pass(500);
  client.end();
  hosts.pass(100);
  server.write(letters(500));
  server.end();
  hosts.pass(500);
  return hosts;
}

function many(): TwoHosts {
  const hosts = new TwoHosts();
  hosts.listen();
  for (let i = 0; i < 6; i++) {
    const socket = hosts.connect();
    hosts.pass(100);
    if (i % 2 === 0) socket.end();
    else socket.abort();
    hosts.pass(100);
  }
  return hosts;
}

const single = capture('one.pcapng', one());
const several = capture('many.pcapng', many());

describe('tsyn explain', () => {
  it('tells one connection: its figures, its story, its ladder', async () => {
    const { status, stdout, stderr } = await tsynHere(['explain', single]);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatchInlineSnapshot(`
      "1 TCP connection in 19 packets

      stream  from             to            packets →  ←  octets →      ←  duration      RTT         rate  again  opened     ended   anomalies
           0  192.0.2.1:58971  192.0.2.2:80         10  9       664  6,976   0.730 s  40.0 ms  55.4 kbit/s  5.3 %  handshake  closed  1 Retransmission, 1 Previous segment not captured, 3 Dup ACK

      Stream 0  192.0.2.1:58971 is the client, 192.0.2.2:80 the server.

      How it opened
        The client asked, the server agreed, the client confirmed: three segments. It took 40 ms. Segments
        may have 1460 octets towards the client and 1460 towards the server; agreed: windows in units of
        1024 (the client's) and 1024 octets (the server's), selective acknowledgments and timestamps.

      What flowed
        The client sent 100 octets of text in 10 packets, 1.1 kbit/s on average. The server sent 6,500
        octets of text in 9 packets, 71.2 kbit/s on average. The client was acknowledged after 50 ms on
        average (40 ms to 70 ms), as seen at the place of the capture. The server was acknowledged after
        13.3 ms on average (0 ms to 40 ms), as seen at the place of the capture.

      What went wrong
        - TCP Previous segment not captured: 1 by the server, at 130 ms (frame 5); a gap: what is missing
          was lost before it reached the capture, or was not captured.
        - TCP Dup ACK: 3 by the client, at 130 ms (frames 6, 8, 10); the receiver repeats its ACK:
          something has come beyond a gap.
        - TCP Retransmission: 1 by the server, at 170 ms (frame 11); sent again: it was lost, or its ACK
          was lost or late.
        - The server sent 11.1 % of its packets again.

      How it ended
        The client closed first, after 610 ms. The server used its half of the connection for 120 ms more,
        sent 500 octets, and closed too. The client is left in TIME-WAIT: it answers if its last ACK was
        lost, and keeps old segments from a new connection.

       ms  192.0.2.1:58971                                                                                            192.0.2.2:80
           CLOSED           |                                                                                      |  LISTEN
        0  SYN-SENT         |---- SYN seq=0 win=65535 mss=1460 sackOK ws=10 ts ----------------------------------->|  SYN-RECEIVED
       40  ESTABLISHED      |<------------------------- SYN,ACK seq=0 ack=1 win=65535 mss=1460 sackOK ws=10 ts ----|
       40                   |---- ACK seq=1 ack=1 win=524288 ----------------------------------------------------->|  ESTABLISHED
       60                   |---- PSH,ACK seq=1 len=100 ack=1 win=524288 ----------------------------------------->|
      130                   |<--- ACK seq=1449 len=1448 ack=101 win=524288 (TCP Previous segment not captured) ----|
      130                   |---- ACK seq=101 ack=1 win=524288 sack=1449-2897 (TCP Dup ACK 3#1) ------------------>|
      130                   |<--------------------------------------- ACK seq=2897 len=1448 ack=101 win=524288 ----|
      130                   |---- ACK seq=101 ack=1 win=524288 sack=1449-4345 (TCP Dup ACK 3#2) ------------------>|
      130                   |<--------------------------------------- ACK seq=4345 len=1448 ack=101 win=524288 ----|
      130                   |---- ACK seq=101 ack=1 win=524288 sack=1449-5793 (TCP Dup ACK 3#3) ------------------>|
      170                   |<--------------------- ACK seq=1 len=1448 ack=101 win=524288 (TCP Retransmission) ----|
      170                   |---- ACK seq=101 ack=5793 win=524288 ------------------------------------------------>|
      210                   |<------------------------------------ PSH,ACK seq=5793 len=208 ack=101 win=524288 ----|
      250                   |---- ACK seq=101 ack=6001 win=524288 ------------------------------------------------>|
      610  FIN-WAIT-1       |---- FIN,ACK seq=101 ack=6001 win=524288 -------------------------------------------->|  CLOSE-WAIT
      650  FIN-WAIT-2       |<------------------------------------------------ ACK seq=6001 ack=102 win=524288 ----|
      730                   |<------------------------------------ PSH,ACK seq=6001 len=500 ack=102 win=524288 ----|
      730  TIME-WAIT        |<-------------------------------------------- FIN,ACK seq=6501 ack=102 win=524288 ----|  LAST-ACK
      730                   |---- ACK seq=102 ack=6502 win=523264 ------------------------------------------------>|  CLOSED
      "
    `);
  });

  it('tells it in Chinese', async () => {
    const { status, stdout } = await tsynHere(['explain', single, '--lang', 'zh']);
    expect(status).toBe(0);
    expect(stdout).toMatchInlineSnapshot(`
      "19 个包里有 1 个 TCP 连接

      流  从               到            包 →  ←  字节 →      ←     时长      RTT         速率   重传  建立  结束  异常
       0  192.0.2.1:58971  192.0.2.2:80    10  9     664  6,976  0.730 s  40.0 ms  55.4 kbit/s  5.3 %  握手  关闭  1 Retransmission, 1 Previous segment not captured, 3 Dup ACK

      流 0  192.0.2.1:58971 是客户端，192.0.2.2:80 是服务器。

      如何建立
        客户端请求，服务器同意，客户端再确认：三个报文段。用时 40 毫秒。发给客户端的报文段最长 1460 字节，
        发给服务器的最长 1460 字节；双方商定：窗口以 1024 字节（客户端）和 1024 字节（服务器）为单位、选择
        确认、时间戳。

      传了什么
        客户端发送了 100 字节数据，用了 10 个包，平均 1.1 kbit/s。服务器发送了 6500 字节数据，用了 9 个
        包，平均 71.2 kbit/s。在捕获处看，客户端发出的数据平均 50 毫秒后得到确认（最短 40 毫秒，最长 70 毫
        秒）。在捕获处看，服务器发出的数据平均 13.3 毫秒后得到确认（最短 0 毫秒，最长 40 毫秒）。

      出了什么问题
        - TCP Previous segment not captured：服务器 1 个，在 130 毫秒处（帧 5）；出现缺口：缺的数据在到达
          捕获处之前丢失，或者没有被捕获。
        - TCP Dup ACK：客户端 3 个，在 130 毫秒处（帧 6、8、10）；接收方重复同一个 ACK：缺口后面的数据已
          到。
        - TCP Retransmission：服务器 1 个，在 170 毫秒处（帧 11）；重新发送：原来的丢失了，或者它的 ACK 丢
          失或迟到。
        - 服务器的包有 11.1% 是重传。

      如何结束
        客户端先关闭，在 610 毫秒之后。服务器的方向又用了 120 毫秒，发送了 500 字节，然后也关闭。客户端留
        在 TIME-WAIT：最后的 ACK 若丢失由它补发，旧报文段也不会混进新的连接。

      毫秒  192.0.2.1:58971                                                                                            192.0.2.2:80
            CLOSED           |                                                                                      |  LISTEN
         0  SYN-SENT         |---- SYN seq=0 win=65535 mss=1460 sackOK ws=10 ts ----------------------------------->|  SYN-RECEIVED
        40  ESTABLISHED      |<------------------------- SYN,ACK seq=0 ack=1 win=65535 mss=1460 sackOK ws=10 ts ----|
        40                   |---- ACK seq=1 ack=1 win=524288 ----------------------------------------------------->|  ESTABLISHED
        60                   |---- PSH,ACK seq=1 len=100 ack=1 win=524288 ----------------------------------------->|
       130                   |<--- ACK seq=1449 len=1448 ack=101 win=524288 (TCP Previous segment not captured) ----|
       130                   |---- ACK seq=101 ack=1 win=524288 sack=1449-2897 (TCP Dup ACK 3#1) ------------------>|
       130                   |<--------------------------------------- ACK seq=2897 len=1448 ack=101 win=524288 ----|
       130                   |---- ACK seq=101 ack=1 win=524288 sack=1449-4345 (TCP Dup ACK 3#2) ------------------>|
       130                   |<--------------------------------------- ACK seq=4345 len=1448 ack=101 win=524288 ----|
       130                   |---- ACK seq=101 ack=1 win=524288 sack=1449-5793 (TCP Dup ACK 3#3) ------------------>|
       170                   |<--------------------- ACK seq=1 len=1448 ack=101 win=524288 (TCP Retransmission) ----|
       170                   |---- ACK seq=101 ack=5793 win=524288 ------------------------------------------------>|
       210                   |<------------------------------------ PSH,ACK seq=5793 len=208 ack=101 win=524288 ----|
       250                   |---- ACK seq=101 ack=6001 win=524288 ------------------------------------------------>|
       610  FIN-WAIT-1       |---- FIN,ACK seq=101 ack=6001 win=524288 -------------------------------------------->|  CLOSE-WAIT
       650  FIN-WAIT-2       |<------------------------------------------------ ACK seq=6001 ack=102 win=524288 ----|
       730                   |<------------------------------------ PSH,ACK seq=6001 len=500 ack=102 win=524288 ----|
       730  TIME-WAIT        |<-------------------------------------------- FIN,ACK seq=6501 ack=102 win=524288 ----|  LAST-ACK
       730                   |---- ACK seq=102 ack=6502 win=523264 ------------------------------------------------>|  CLOSED
      "
    `);
  });

  it('has a table alone for many connections, and tells the one that is asked for', async () => {
    const { stdout } = await tsynHere(['explain', several]);
    expect(stdout).toMatchInlineSnapshot(`
      "6 TCP connections in 27 packets

      stream  from             to            packets →  ←  octets →    ←  duration      RTT  rate  again  opened     ended        anomalies
           0  192.0.2.1:58971  192.0.2.2:80          3  2       164  112   0.140 s  40.0 ms     -      -  handshake  half-closed
           1  192.0.2.1:58972  192.0.2.2:80          3  1       164   60   0.100 s  40.0 ms     -      -  handshake  reset
           2  192.0.2.1:58973  192.0.2.2:80          3  2       164  112   0.140 s  40.0 ms     -      -  handshake  half-closed
           3  192.0.2.1:58974  192.0.2.2:80          3  1       164   60   0.100 s  40.0 ms     -      -  handshake  reset
           4  192.0.2.1:58975  192.0.2.2:80          3  2       164  112   0.140 s  40.0 ms     -      -  handshake  half-closed
           5  192.0.2.1:58976  192.0.2.2:80          3  1       164   60   0.100 s  40.0 ms     -      -  handshake  reset

      --connection N tells the story of one
      "
    `);
    const asked = await tsynHere(['explain', several, '-c', '3']);
    expect(asked.status).toBe(0);
    expect(asked.stdout).toContain('Stream 3  ');
    expect(asked.stdout).toContain('The client sent a RST after ');
    expect(
      asked.stdout.split('\n').filter((line) => / {2}192\.0\.2\.1:\d+ {2}192\.0\.2\.2:80 /.test(line)),
    ).toHaveLength(1);
  });

  it('reads standard input', () => {
    const { stdout, status } = spawnSync(process.execPath, [MAIN, 'explain', '-'], {
      input: readFileSync(single),
      encoding: 'utf8',
      env: { LC_ALL: 'C' },
    });
    expect(status).toBe(0);
    expect(stdout).toContain('1 TCP connection in ');
  });

  it('has a line of JSON for each connection, its story, each event of the one asked for, and the sum', async () => {
    const { stdout } = await tsynHere(['explain', several, '--json']);
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toHaveLength(7);
    expect(lines.map(({ stream, opened, ended }) => [stream, opened, ended]).slice(0, 3)).toEqual([
      [0, 'handshake', 'half-closed'],
      [1, 'handshake', 'reset'],
      [2, 'handshake', 'half-closed'],
    ]);
    expect(lines.at(-1).capture).toMatchObject({ connections: 6, malformed: 0 });
    const asked = (await tsynHere(['explain', single, '--json', '-c', '0'])).stdout.trimEnd().split('\n');
    const [connection, ...more] = asked.map((line) => JSON.parse(line));
    expect(connection.anomalies).toMatchObject({ lost_segment: 1, duplicate_ack: 3 });
    expect(connection.story.ended[0]).toContain('The client closed first');
    const events = more.slice(0, -1);
    expect(events.map(({ event }) => event.type)).toContain('state');
    for (const { text, rfc } of events) expect([text.length > 10, rfc.length > 0]).toEqual([true, true]);
  });

  it('draws the ladder of a connection, and writes a page that needs nothing else', async () => {
    const [svg, html] = [join(folder, 'one.svg'), join(folder, 'one.html')];
    const { status, stderr } = await tsynHere(['explain', single, '--svg', svg, '--html', html, '--lang', 'zh']);
    expect(status).toBe(0);
    expect(stderr).toBe(`已写入：${svg}\n已写入：${html}\n`);
    expect(readFileSync(svg, 'utf8')).toMatch(/^<svg .*TCP Previous segment not captured.*<\/svg>\n$/s);
    const page = readFileSync(html, 'utf8');
    expect(page).toMatch(/^<!doctype html>\n<html lang="zh-CN">/);
    // The ladder, the states of both ends, the graph of the answer.
    expect(page.match(/class="tsyn-picture /g)).toHaveLength(5);
    expect(page).not.toMatch(/<script|<link|<img|src=|@import|url\(/);
    expect(page).toContain('客户端先关闭');
    expect(page).toContain('https://www.rfc-editor.org/rfc/rfc9293#section-3.5');
  });

  it('writes a page of many connections', async () => {
    const html = join(folder, 'many.html');
    expect((await tsynHere(['explain', several, '--html', html])).status).toBe(0);
    const page = readFileSync(html, 'utf8');
    for (let stream = 0; stream < 6; stream++) expect(page).toContain(`<h2 id="stream-${stream}">`);
  });

  it('tells what it could read of a capture that breaks off, and where and why it could not read on', async () => {
    const path = join(folder, 'cut.pcapng');
    writeFileSync(path, readFileSync(single).subarray(0, 600));
    const { status, stdout, stderr } = await tsynHere(['explain', path]);
    expect(status).toBe(1);
    expect(stdout).toContain('1 TCP connection in 4 packets');
    expect(stderr).toMatch(
      /^tsyn explain: .*cut\.pcapng: capture, octet \d+, .*; what is told is of the 4 packets before that\n$/,
    );
  });

  it('says in one line what is wrong with a file or a wish', async () => {
    const text = join(folder, 'notes.txt');
    writeFileSync(text, 'no capture at all, but a letter');
    expect(await tsynHere(['explain', text])).toMatchObject({ status: 1, stderr: expect.stringContaining('octet 0') });
    const missing = await tsynHere(['explain', join(folder, 'missing.pcap')]);
    expect(missing).toMatchObject({ status: 1, stderr: expect.stringContaining('ENOENT') });
    const stream = await tsynHere(['explain', several, '-c', '6']);
    expect(stream).toMatchObject({ status: 2, stderr: expect.stringContaining("streams 0 to 5, not '6'") });
    const svg = await tsynHere(['explain', several, '--svg', join(folder, 'x.svg')]);
    expect(svg).toMatchObject({ status: 2, stderr: expect.stringContaining('--connection N') });
    const nowhere = await tsynHere(['explain', single, '--svg', join(folder, 'no/x.svg')]);
    expect(nowhere).toMatchObject({ status: 2, stderr: expect.stringContaining('cannot be written: ENOENT') });
  });

  it('says so where there is no TCP', async () => {
    const { status, stdout } = await tsynHere(['explain', capture('none.pcapng', new TwoHosts())]);
    expect([status, stdout]).toEqual([0, 'no TCP in 0 packets\n']);
  });
});
