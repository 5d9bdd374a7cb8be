import { describe, expect, it } from 'vitest';
import { play } from '../../src/cli/demo/story.ts';
import { Explainer } from '../../src/explain/events.ts';
import { rfcUrl } from '../../src/explain/sections.ts';
import type { Sentences } from '../../src/explain/sentences.ts';
import { english } from '../../src/explain/words-en.ts';
import { chinese } from '../../src/explain/words-zh.ts';
import { ARROWS } from '../../src/tcp/state.ts';
import type { TimerName, TraceEvent } from '../../src/trace/events.ts';
import { Story } from '../trace/story.ts';
import { letters, TwoHosts } from './two-hosts.ts';

/** Explanations of all events, one a line, timers that are only set or stopped and windows left out. */
function told(events: readonly TraceEvent[], words: Sentences = english, all = false): string[] {
  const hosts = { '192.0.2.1': 'client', '192.0.2.2': 'server' };
  const explainer = new Explainer({ words, hosts });
  return events.flatMap((event) => {
    const { text, rfc } = explainer.take(event);
    const quiet = event.type === 'timer-set' || event.type === 'timer-stopped' || event.type === 'congestion';
    return quiet && !all ? [] : [`${event.time} ${text}${rfc.length === 0 ? '' : ` [${rfc.join(', ')}]`}`];
  });
}

const HAN = /[\u3400-\u9fff]/;
const CONNECTION = { id: 1, local: '192.0.2.1:49152', remote: '192.0.2.2:80' };
const TIMERS: readonly TimerName[] = [
  'retransmission',
  'tail-loss-probe',
  'reordering',
  'persist',
  'delayed-ack',
  'keep-alive',
  'pacing',
  'user',
  'linger',
  'cork',
  'time-wait',
  'fin-wait-2',
];

describe('explanations of the demo', () => {
  const { events } = play(1);

  it('tell a handshake', () => {
    expect(told(events.filter(({ time }) => time <= 60))).toMatchInlineSnapshot(`
      [
        "0 client wants a connection with server (active OPEN): a SYN goes out, and it waits for the answer. [RFC 9293 3.10.1, RFC 9293 3.5]",
        "0 client's user asks for a connection (OPEN, active). [RFC 9293 3.10.1]",
        "0 client asks server for a connection. Its SYN says that client's numbers begin with 3175586992, which is shown as 0. Options: client offers segments of up to 1460 octets, windows in units of 1024 octets, selective acknowledgments and timestamps. [RFC 9293 3.5, RFC 9293 3.4.1]",
        "20 client's SYN reaches server. [RFC 9293 3.10.7]",
        "20 server waits for somebody to connect (passive OPEN). [RFC 9293 3.10.1]",
        "20 server's user listens (OPEN, passive). [RFC 9293 3.10.1]",
        "20 server has a SYN and answers it. Whether client still means it, the ACK of server's own SYN will tell. [RFC 9293 3.10.7.2, RFC 9293 3.5]",
        "20 server agrees: it acknowledges client's SYN and sends its own. Its numbers begin with 2692244494, shown as 0. Options: server offers segments of up to 1460 octets, windows in units of 1024 octets, selective acknowledgments and timestamps. [RFC 9293 3.5]",
        "40 server's SYN,ACK reaches client. client learns that its SYN arrived: a round trip of 40 ms. [RFC 9293 3.4, RFC 9293 3.10.7.4]",
        "40 client's SYN is acknowledged, and it has server's: the connection is open for client. [RFC 9293 3.10.7.3, RFC 9293 3.5]",
        "40 client acknowledges server's SYN, the third segment of the handshake. Only this tells server that it has not answered an old SYN. [RFC 9293 3.5]",
        "60 client's ACK reaches server. server learns that its SYN arrived: a round trip of 40 ms. [RFC 9293 3.4, RFC 9293 3.10.7.4]",
        "60 server's SYN is acknowledged: the connection is open for server too. [RFC 9293 3.10.7.4, RFC 9293 3.5]",
      ]
    `);
    expect(
      told(
        events.filter(({ time }) => time <= 60),
        chinese,
      ),
    ).toMatchInlineSnapshot(`
      [
        "0 client 要与 server 建立连接（主动 OPEN）：发出 SYN，等待应答。 [RFC 9293 3.10.1, RFC 9293 3.5]",
        "0 client 的应用程序请求建立连接（主动 OPEN）。 [RFC 9293 3.10.1]",
        "0 client 请求与 server 建立连接。SYN 说明 client 的序号从 3175586992 开始，这里记作 0。client 给出的选项：报文段最长 1460 字节、窗口以 1024 字节为单位、选择确认、时间戳。 [RFC 9293 3.5, RFC 9293 3.4.1]",
        "20 client 的 SYN 到达 server。 [RFC 9293 3.10.7]",
        "20 server 等待别人来连接（被动 OPEN）。 [RFC 9293 3.10.1]",
        "20 server 的应用程序开始监听（被动 OPEN）。 [RFC 9293 3.10.1]",
        "20 server 收到 SYN 并作应答。client 是不是真要连接，要等 server 自己的 SYN 得到确认才知道。 [RFC 9293 3.10.7.2, RFC 9293 3.5]",
        "20 server 同意：确认 client 的 SYN，同时发出自己的 SYN。它的序号从 2692244494 开始，记作 0。server 给出的选项：报文段最长 1460 字节、窗口以 1024 字节为单位、选择确认、时间戳。 [RFC 9293 3.5]",
        "40 server 的 SYN,ACK 到达 client。client 得知自己的 SYN 已送到：往返时间 40 毫秒。 [RFC 9293 3.4, RFC 9293 3.10.7.4]",
        "40 client 的 SYN 得到确认，也有了 server 的 SYN：对 client 来说连接已经建立。 [RFC 9293 3.10.7.3, RFC 9293 3.5]",
        "40 client 确认 server 的 SYN，这是握手的第三个报文段。有了它，server 才知道自己应答的不是旧 SYN。 [RFC 9293 3.5]",
        "60 client 的 ACK 到达 server。server 得知自己的 SYN 已送到：往返时间 40 毫秒。 [RFC 9293 3.4, RFC 9293 3.10.7.4]",
        "60 server 的 SYN 得到确认：对 server 来说连接也建立了。 [RFC 9293 3.10.7.4, RFC 9293 3.5]",
      ]
    `);
  });

  it('tell a loss, its discovery and the mending', () => {
    const part = (line: string): boolean => /^(920|10[0-9]0|1100) /.test(line);
    expect(told(events).filter(part)).toMatchInlineSnapshot(`
      [
        "920 server's user gives it 1448 octets to send (SEND). [RFC 9293 3.10.2]",
        "920 server sends octets 1449–2896 to client. [RFC 9293 3.8]",
        "920 The network loses octets 1449–2896 of server. Neither side is told. [RFC 9293 3.8.1]",
        "1020 server's user gives it 1448 octets to send (SEND). [RFC 9293 3.10.2]",
        "1020 server sends octets 2897–4344 to client. [RFC 9293 3.8]",
        "1040 client keeps octets 2897–4344 of server, but octet 1449 is missing before it. [RFC 5681 4.2, RFC 9293 3.10.7.4]",
        "1040 client still expects octet 1449: what has come lies beyond a gap. It says so at once (duplicate ACK 1). Octets 2897–4344 came too (SACK), and need not be sent again. [RFC 5681 4.2, RFC 2018 4]",
        "1060 client's ACK reaches server. It is the first duplicate ACK in a row. [RFC 5681 3.2]",
        "1060 server sends octets 1449–2896 again: the ACKs say that it is missing. [RFC 5681 3.2, RFC 6675 5]",
        "1080 client takes octets 1449–2896 of server: it fills the gap. [RFC 5681 4.2, RFC 9293 3.10.7.4]",
        "1080 client's user takes 2896 octets (RECEIVE): there is room again for as much. [RFC 9293 3.10.3]",
        "1080 client acknowledges everything up to octet 4344. [RFC 9293 3.4, RFC 9293 3.8.6.3]",
        "1100 client's ACK reaches server. server learns that 2896 octets more arrived. [RFC 9293 3.4, RFC 9293 3.10.7.4]",
      ]
    `);
    expect(told(events, chinese).filter(part)).toMatchInlineSnapshot(`
      [
        "920 server 的应用程序交来 1448 字节要发送（SEND）。 [RFC 9293 3.10.2]",
        "920 server 向 client 发送第 1449–2896 字节。 [RFC 9293 3.8]",
        "920 网络丢掉了 server 的第 1449–2896 字节。没有人通知任何一方。 [RFC 9293 3.8.1]",
        "1020 server 的应用程序交来 1448 字节要发送（SEND）。 [RFC 9293 3.10.2]",
        "1020 server 向 client 发送第 2897–4344 字节。 [RFC 9293 3.8]",
        "1040 client 先留着 server 的第 2897–4344 字节，但前面缺第 1449 字节。 [RFC 5681 4.2, RFC 9293 3.10.7.4]",
        "1040 client 期待的仍是第 1449 字节：刚到的数据前面有缺口。它立即说明这一点（第 1 个重复 ACK）。第 2897–4344 字节也已收到（SACK），不必重传。 [RFC 5681 4.2, RFC 2018 4]",
        "1060 client 的 ACK 到达 server。这是连续第 1 个重复 ACK。 [RFC 5681 3.2]",
        "1060 server 重新发送第 1449–2896 字节：对方的确认表明它没有到。 [RFC 5681 3.2, RFC 6675 5]",
        "1080 client 收下 server 的第 1449–2896 字节：正好填上缺口。 [RFC 5681 4.2, RFC 9293 3.10.7.4]",
        "1080 client 的应用程序取走 2896 字节（RECEIVE）：又空出这么多空间。 [RFC 9293 3.10.3]",
        "1080 client 确认收到第 4344 字节为止的全部数据。 [RFC 9293 3.4, RFC 9293 3.8.6.3]",
        "1100 client 的 ACK 到达 server。server 得知又有 2896 字节送到。 [RFC 9293 3.4, RFC 9293 3.10.7.4]",
      ]
    `);
  });

  it('tell a close with a half-closed time, a lost last ACK and TIME-WAIT', () => {
    const part = (line: string): boolean => Number(line.split(' ')[0]) >= 1320;
    expect(told(events).filter(part)).toMatchInlineSnapshot(`
      [
        "1320 client closes, and has had no FIN yet: its own goes out, and it still receives. [RFC 9293 3.10.4, RFC 9293 3.6]",
        "1320 client's user has nothing more to send (CLOSE). [RFC 9293 3.10.4]",
        "1320 client has nothing more to send to server: FIN. It still receives. [RFC 9293 3.6]",
        "1340 server takes client's FIN. [RFC 9293 3.10.7]",
        "1340 client will send nothing more. server may, until its own user closes. [RFC 9293 3.10.7.4, RFC 9293 3.6.1]",
        "1340 server acknowledges client's FIN. server itself may go on sending. [RFC 9293 3.6]",
        "1360 server's ACK reaches client. client learns that its FIN arrived: a round trip of 40 ms. [RFC 9293 3.4, RFC 9293 3.10.7.4]",
        "1360 client's FIN is acknowledged. server's direction is still open: client waits for its FIN. [RFC 9293 3.10.7.4, RFC 9293 3.6.1]",
        "1380 server's user gives it 2896 octets to send (SEND). [RFC 9293 3.10.2]",
        "1380 server sends octets 5793–7240 to client. [RFC 9293 3.8]",
        "1380 server sends octets 7241–8688 to client. [RFC 9293 3.8]",
        "1400 client takes octets 5793–7240 of server. [RFC 9293 3.10.7]",
        "1400 client takes octets 7241–8688 of server. [RFC 9293 3.10.7]",
        "1400 client's user takes 2896 octets (RECEIVE): there is room again for as much. [RFC 9293 3.10.3]",
        "1400 client acknowledges everything up to octet 8688. [RFC 9293 3.4, RFC 9293 3.8.6.3]",
        "1420 client's ACK reaches server. server learns that 2896 octets more arrived, 40 ms after they were sent. [RFC 9293 3.4, RFC 9293 3.10.7.4]",
        "1580 server closes too. Only the ACK of its FIN is missing. [RFC 9293 3.10.4, RFC 9293 3.6]",
        "1580 server's user has nothing more to send (CLOSE). [RFC 9293 3.10.4]",
        "1580 server has nothing more to send to client either: FIN. [RFC 9293 3.6]",
        "1600 client takes server's FIN. [RFC 9293 3.10.7]",
        "1600 Both directions are closed. client, which closed first, stays for two MSL: to acknowledge again if its last ACK is lost, and until no old segment is left in the network. [RFC 9293 3.10.7.4, RFC 9293 3.6]",
        "1600 client acknowledges server's FIN. Now both directions are closed. [RFC 9293 3.6]",
        "1600 The network loses client's ACK. Neither side is told. [RFC 9293 3.8.1]",
        "1828 server's tail loss probe timer fires: the last segments are unanswered: it sends one more, so that the answer tells what is missing. [RFC 8985 7]",
        "1828 server sends its FIN again: a probe, to learn whether the last segments arrived. [RFC 8985 7]",
        "1848 client has had server's FIN already, and answers with an ACK. [RFC 9293 3.4, RFC 9293 3.10.7.4]",
        "1848 client acknowledges server's FIN once more, in case the ACK before was lost. [RFC 9293 3.10.7.4]",
        "1868 client's ACK reaches server. server learns that its FIN arrived. [RFC 9293 3.4, RFC 9293 3.10.7.4]",
        "1868 server's FIN is acknowledged: server is done, and forgets the connection. [RFC 9293 3.10.7.4, RFC 9293 3.6]",
        "61848 client's TIME-WAIT timer fires: two MSL are over. [RFC 9293 3.6, RFC 9293 3.4.2]",
        "61848 Two MSL are over: no segment of the connection can be left. client forgets it, and the ports are free. [RFC 9293 3.10.8, RFC 9293 3.6]",
      ]
    `);
    expect(told(events, chinese).filter(part)).toMatchInlineSnapshot(`
      [
        "1320 client 关闭，此时还没有收到 FIN：发出自己的 FIN，但仍然接收。 [RFC 9293 3.10.4, RFC 9293 3.6]",
        "1320 client 的应用程序没有数据要发了（CLOSE）。 [RFC 9293 3.10.4]",
        "1320 client 没有数据要发给 server 了：FIN。它仍然可以接收。 [RFC 9293 3.6]",
        "1340 server 收下 client 的 FIN。 [RFC 9293 3.10.7]",
        "1340 client 不再发送数据。server 还可以发，直到自己的应用程序也关闭。 [RFC 9293 3.10.7.4, RFC 9293 3.6.1]",
        "1340 server 确认 client 的 FIN。server 自己还可以继续发送。 [RFC 9293 3.6]",
        "1360 server 的 ACK 到达 client。client 得知自己的 FIN 已送到：往返时间 40 毫秒。 [RFC 9293 3.4, RFC 9293 3.10.7.4]",
        "1360 client 的 FIN 得到确认。server 那个方向还开着：client 等它的 FIN。 [RFC 9293 3.10.7.4, RFC 9293 3.6.1]",
        "1380 server 的应用程序交来 2896 字节要发送（SEND）。 [RFC 9293 3.10.2]",
        "1380 server 向 client 发送第 5793–7240 字节。 [RFC 9293 3.8]",
        "1380 server 向 client 发送第 7241–8688 字节。 [RFC 9293 3.8]",
        "1400 client 收下 server 的第 5793–7240 字节。 [RFC 9293 3.10.7]",
        "1400 client 收下 server 的第 7241–8688 字节。 [RFC 9293 3.10.7]",
        "1400 client 的应用程序取走 2896 字节（RECEIVE）：又空出这么多空间。 [RFC 9293 3.10.3]",
        "1400 client 确认收到第 8688 字节为止的全部数据。 [RFC 9293 3.4, RFC 9293 3.8.6.3]",
        "1420 client 的 ACK 到达 server。server 得知又有 2896 字节送到，距发出 40 毫秒。 [RFC 9293 3.4, RFC 9293 3.10.7.4]",
        "1580 server 也关闭了，只差自己的 FIN 得到确认。 [RFC 9293 3.10.4, RFC 9293 3.6]",
        "1580 server 的应用程序没有数据要发了（CLOSE）。 [RFC 9293 3.10.4]",
        "1580 server 也没有数据要发给 client 了：FIN。 [RFC 9293 3.6]",
        "1600 client 收下 server 的 FIN。 [RFC 9293 3.10.7]",
        "1600 两个方向都已关闭。先关闭的 client 还要停留 2 MSL：万一最后的 ACK 丢了可以补发，也等网络里的旧报文段全部消亡。 [RFC 9293 3.10.7.4, RFC 9293 3.6]",
        "1600 client 确认 server 的 FIN。至此两个方向都已关闭。 [RFC 9293 3.6]",
        "1600 网络丢掉了 client 的 ACK。没有人通知任何一方。 [RFC 9293 3.8.1]",
        "1828 server 的尾丢包探测定时器到期：最后几个报文段没有回音，再发一个，从回答里可以知道缺了什么。 [RFC 8985 7]",
        "1828 server 重新发送 FIN：探一探最后几个报文段到了没有。 [RFC 8985 7]",
        "1848 client 早已收到过 server 的 FIN，只回一个 ACK。 [RFC 9293 3.4, RFC 9293 3.10.7.4]",
        "1848 client 再次确认 server 的 FIN，以防上一个 ACK 丢失。 [RFC 9293 3.10.7.4]",
        "1868 client 的 ACK 到达 server。server 得知自己的 FIN 已送到。 [RFC 9293 3.4, RFC 9293 3.10.7.4]",
        "1868 server 的 FIN 得到确认：server 的事已经办完，忘掉这个连接。 [RFC 9293 3.10.7.4, RFC 9293 3.6]",
        "61848 client 的 TIME-WAIT 定时器到期：2 MSL 已过。 [RFC 9293 3.6, RFC 9293 3.4.2]",
        "61848 2 MSL 已过：这个连接的报文段不可能还有剩下的。client 忘掉连接，端口可以再用。 [RFC 9293 3.10.8, RFC 9293 3.6]",
      ]
    `);
  });

  it('have a sentence and, but for notes, a section for every event, in the language asked for', () => {
    for (const [words, han] of [
      [english, false],
      [chinese, true],
    ] as const) {
      const explainer = new Explainer({ words });
      for (const event of events) {
        const { text, rfc, url } = explainer.take(event);
        expect(HAN.test(text), text).toBe(han);
        expect(text).toMatch(/[.。]$/);
        expect(text).not.toMatch(/undefined|NaN|null| {2}/);
        if (event.type === 'packet-dropped') continue;
        expect(rfc.length, text).toBeGreaterThan(0);
        expect(url).toBe(rfcUrl(rfc[0]!));
      }
    }
  });
});

describe('an explanation of a change of state', () => {
  it('exists for every arrow of the diagram', () => {
    for (const words of [english, chinese]) {
      for (const { from, to } of ARROWS) {
        const event = { type: 'state', time: 0, host: 'client', connection: CONNECTION, from, to } as const;
        const { text, rfc } = new Explainer({ words }).take(event);
        expect(text, `${from} ${to}`).toMatch(/.{8}[.。]$/);
        expect(rfc.length).toBeGreaterThan(0);
      }
    }
  });

  it('is the same for no two arrows that do not end in CLOSED', () => {
    const texts = ARROWS.filter(({ to }) => to !== 'CLOSED').map(({ from, to }) => {
      const event = { type: 'state', time: 0, host: 'client', connection: CONNECTION, from, to } as const;
      return new Explainer({ words: english }).take(event).text;
    });
    expect(new Set(texts).size).toBe(texts.length);
  });

  it('tells a reset from a time-out and from an ABORT', () => {
    const ended = (before: (story: Story) => void): string => {
      const story = new Story();
      before(story);
      return told(story.state(5000, 'client', 'ESTABLISHED', 'CLOSED').events).at(-1)!;
    };
    expect(ended((story) => story.arrive(5000, story.send(4990, 'server', 'R', 1, 1)))).toBe(
      '5000 client deletes the connection: a RST has come. [RFC 9293 3.5.3]',
    );
    expect(ended((story) => story.timer(5000, 'client', 'fired', 'user'))).toBe(
      '5000 client deletes the connection: nothing has been acknowledged for too long. [RFC 9293 3.8.3]',
    );
    expect(ended((story) => story.call(5000, 'client', 'ABORT'))).toBe(
      '5000 client deletes the connection: its user gives it up. [RFC 9293 3.10.5]',
    );
  });
});

describe('an explanation of a timer', () => {
  it('exists for each in every language, and says when one is set anew', () => {
    for (const words of [english, chinese]) {
      for (const timer of TIMERS) {
        const explainer = new Explainer({ words });
        const at = { time: 0, host: 'client', connection: CONNECTION, timer };
        const set = explainer.take({ type: 'timer-set', ...at, due: 1500 });
        expect(set.text).toContain(words.duration(1500));
        const again = explainer.take({ type: 'timer-set', ...at, due: 1500 });
        expect(again.text).not.toBe(set.text);
        const fired = explainer.take({ type: 'timer-fired', ...at });
        expect(fired.text).toContain(words.timers[timer].fired);
        expect(explainer.take({ type: 'timer-set', ...at, due: 1500 }).text).toBe(set.text);
        expect(explainer.take({ type: 'timer-stopped', ...at }).rfc).toEqual(fired.rfc);
      }
    }
  });
});

describe('an explanation of a segment', () => {
  const sentences = (hosts: TwoHosts): string => told(hosts.events).join('\n');

  it('tells a refused connection', () => {
    const hosts = new TwoHosts();
    hosts.connect();
    hosts.pass(100);
    expect(told(hosts.events).slice(-4)).toMatchInlineSnapshot(`
      [
        "20 client's SYN reaches server. [RFC 9293 3.10.7]",
        "20 server refuses: nobody listens on port 80. [RFC 9293 3.5.2]",
        "40 server's RST reaches client. [RFC 9293 3.5.3]",
        "40 client deletes the connection: a RST has come, which refuses it. [RFC 9293 3.5.3]",
      ]
    `);
    expect(told(hosts.events, chinese).slice(-4)).toMatchInlineSnapshot(`
      [
        "20 client 的 SYN 到达 server。 [RFC 9293 3.10.7]",
        "20 server 拒绝：没有程序在监听端口 80。 [RFC 9293 3.5.2]",
        "40 server 的 RST 到达 client。 [RFC 9293 3.5.3]",
        "40 client 删除连接：收到 RST，被拒绝。 [RFC 9293 3.5.3]",
      ]
    `);
  });

  it('tells a SYN that the timer sends again', () => {
    const hosts = new TwoHosts();
    hosts.listen();
    hosts.wire.link.drop(() => true, 1);
    hosts.connect();
    hosts.pass(2000);
    expect(sentences(hosts)).toContain('1000 client sends its SYN again: no acknowledgment came in time.');
  });

  it('tells duplicate ACKs by their number, and what is sent for them', () => {
    const hosts = new TwoHosts();
    const [, server] = hosts.open();
    hosts.wire.link.drop((_packet, direction) => direction === 'receive', 1);
    server.write(letters(6000));
    hosts.pass(200);
    const text = sentences(hosts);
    expect(text).toContain('(duplicate ACK 3). Octets 1449–5792 came too (SACK), and need not be sent again.');
    expect(text).toContain('It is the third duplicate ACK in a row: enough for server to take the segment for lost');
    expect(text).toContain('server sends octets 1–1448 again: the ACKs say that it is missing. [RFC 5681 3.2');
    expect(text).toContain('client takes octets 1–1448 of server: it fills the gap.');
  });

  it('tells a window that closes, probes, and the lost news of its opening', () => {
    const hosts = new TwoHosts({ server: { tcp: { receiveBuffer: 4096, receiveBufferMax: 4096 } } });
    const [client, server] = hosts.open();
    server.handler = {};
    client.write(letters(8000));
    hosts.pass(1000);
    hosts.wire.link.drop((_packet, direction) => direction === 'receive', 1);
    while (server.read(new Uint8Array(4096)) > 0);
    hosts.pass(2000);
    const from = told(hosts.events).findIndex((line) => line.includes('its window is 0'));
    expect(told(hosts.events).slice(from)).toMatchInlineSnapshot(`
      [
        "400 server has taken all it has room for: its window is 0, and client must wait. With it goes an ACK of everything up to octet 4096. [RFC 9293 3.8.6]",
        "420 server's ACK reaches client. client learns that 1200 octets more arrived, 80 ms after they were sent. The window is closed: client must stop. [RFC 9293 3.4, RFC 9293 3.10.7.4]",
        "665 client's persist timer fires: no news of more room has come, so it sends what the window takes, or a probe. [RFC 9293 3.8.6.1]",
        "665 client asks whether server has room again (window probe): had the news been lost, both would wait for ever. [RFC 9293 3.8.6.1]",
        "685 client's window probe reaches server. [RFC 9293 3.4, RFC 9293 3.10.7.4]",
        "685 server answers the probe: still no room. [RFC 9293 3.8.6.1]",
        "705 server's ACK reaches client. [RFC 9293 3.4, RFC 9293 3.10.7.4]",
        "1060 server's user takes 4096 octets (RECEIVE): there is room again for as much. [RFC 9293 3.10.3]",
        "1060 server tells how much room it has now: a window of 4096 octets. [RFC 9293 3.8.6.2.2]",
        "1060 The network loses server's ACK. Neither side is told. [RFC 9293 3.8.1]",
        "1155 client's persist timer fires: no news of more room has come, so it sends what the window takes, or a probe. [RFC 9293 3.8.6.1]",
        "1155 client asks whether server has room again (window probe): had the news been lost, both would wait for ever. [RFC 9293 3.8.6.1]",
        "1175 server takes client's window probe. [RFC 9293 3.10.7]",
        "1215 server's delayed ACK timer fires: nothing came to carry the ACK: it goes alone. [RFC 9293 3.8.6.3]",
        "1215 server acknowledges everything up to octet 4097. [RFC 9293 3.4, RFC 9293 3.8.6.3]",
        "1235 server's ACK reaches client. client learns that 1 octet more arrived, 80 ms after they were sent. The window is open again: client may send 4095 octets. [RFC 9293 3.4, RFC 9293 3.10.7.4]",
        "1235 client sends octets 4098–5545 to server. [RFC 9293 3.8]",
        "1235 client sends octets 5546–6993 to server. [RFC 9293 3.8]",
        "1255 server takes octets 4098–5545 of client. [RFC 9293 3.10.7]",
        "1255 server takes octets 5546–6993 of client. [RFC 9293 3.10.7]",
        "1255 server acknowledges everything up to octet 6993. [RFC 9293 3.4, RFC 9293 3.8.6.3]",
        "1275 server's ACK reaches client. client learns that 2896 octets more arrived, 40 ms after they were sent. [RFC 9293 3.4, RFC 9293 3.10.7.4]",
        "1275 client sends octets 6994–8000 to server. [RFC 9293 3.8]",
        "1295 server takes octets 6994–8000 of client. [RFC 9293 3.10.7]",
        "1335 server's delayed ACK timer fires: nothing came to carry the ACK: it goes alone. [RFC 9293 3.8.6.3]",
        "1335 server acknowledges everything up to octet 8000. [RFC 9293 3.4, RFC 9293 3.8.6.3]",
        "1355 server's ACK reaches client. client learns that 1007 octets more arrived, 80 ms after they were sent. [RFC 9293 3.4, RFC 9293 3.10.7.4]",
      ]
    `);
    expect(told(hosts.events, chinese).slice(from, from + 8)).toMatchInlineSnapshot(`
      [
        "400 server 的缓冲区已满：窗口为 0，client 必须等待。同时确认收到第 4096 字节为止的数据。 [RFC 9293 3.8.6]",
        "420 server 的 ACK 到达 client。client 得知又有 1200 字节送到，距发出 80 毫秒。窗口关闭：client 必须停下。 [RFC 9293 3.4, RFC 9293 3.10.7.4]",
        "665 client 的坚持定时器到期：没有等到窗口变大的消息，就发出窗口容得下的数据，或者探测。 [RFC 9293 3.8.6.1]",
        "665 client 询问 server 是否又有了空间（窗口探测）：窗口打开的消息如果丢了，两边会永远等下去。 [RFC 9293 3.8.6.1]",
        "685 client 的窗口探测到达 server。 [RFC 9293 3.4, RFC 9293 3.10.7.4]",
        "685 server 应答探测：仍然没有空间。 [RFC 9293 3.8.6.1]",
        "705 server 的 ACK 到达 client。 [RFC 9293 3.4, RFC 9293 3.10.7.4]",
        "1060 server 的应用程序取走 4096 字节（RECEIVE）：又空出这么多空间。 [RFC 9293 3.10.3]",
      ]
    `);
  });

  it('tells keep-alives and their answers', () => {
    const hosts = new TwoHosts();
    const [client] = hosts.open();
    client.setKeepAlive(true, 10_000);
    hosts.pass(11_000);
    expect(told(hosts.events).slice(-5)).toMatchInlineSnapshot(`
      [
        "10040 client's keep-alive timer fires: there has been silence for long: it asks whether the other is there. [RFC 9293 3.8.4]",
        "10040 client has heard nothing for long. It asks whether server is still there with a number that server has long had (keep-alive). [RFC 9293 3.8.4]",
        "10060 client's keep-alive reaches server. [RFC 9293 3.4, RFC 9293 3.10.7.4]",
        "10060 server is still there, and says so. [RFC 9293 3.8.4]",
        "10080 server's ACK reaches client. [RFC 9293 3.4, RFC 9293 3.10.7.4]",
      ]
    `);
  });

  it('tells both sides of a simultaneous close', () => {
    const hosts = new TwoHosts();
    const [client, server] = hosts.open();
    client.end();
    server.end();
    hosts.pass(100);
    const text = sentences(hosts);
    expect(text).toContain('80 server closes at the same time: its FIN came before the ACK of client');
    expect(text).toContain('80 client closes at the same time: its FIN came before the ACK of server');
  });

  it('tells what came twice', () => {
    const hosts = new TwoHosts();
    const [client] = hosts.open();
    client.write(letters(10));
    hosts.pass(50);
    hosts.wire.link.drop((_packet, direction) => direction === 'receive', 1);
    hosts.pass(1000);
    const text = sentences(hosts);
    expect(text).toContain('server has had octets 1–10 of client already, and answers with an ACK.');
    expect(text).toContain('Octets 1–10 came twice (D-SACK).');
  });

  it('tells ECN as it is agreed on', () => {
    const hosts = new TwoHosts({ client: { tcp: { ecn: 'request' } }, server: { tcp: { ecn: 'accept' } } });
    hosts.open();
    expect(sentences(hosts)).toMatch(/client offers .* and ECN\./);
    expect(sentences(hosts)).toMatch(/server offers .* and ECN\./);
  });

  it('tells a packet in the name of another, and learns nothing from it', () => {
    const story = new Story();
    story.arrive(10, story.send(0, 'client', 'S', 0, 0));
    const segment = story.events[0]!;
    if (segment.type !== 'segment-sent') throw new Error('no segment');
    const forged = { ...segment, host: 'attacker', packet: 99, segment: { ...segment.segment, seq: 77 } };
    const lines = told([...story.events, forged, { ...segment, time: 1000, packet: 100 }]);
    expect(lines[2]).toContain('attacker sends a packet that claims to come from client.');
    expect(lines[3]).toContain('client sends its SYN again');
  });
});

describe('a section', () => {
  it('has an address', () => {
    expect(rfcUrl('RFC 9293 3.10.7.4')).toBe('https://www.rfc-editor.org/rfc/rfc9293#section-3.10.7.4');
  });
});
