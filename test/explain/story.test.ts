import { describe, expect, it } from 'vitest';
import { Life } from '../../src/explain/life.ts';
import { type StoryWords, tellStory } from '../../src/explain/story.ts';
import { storyInEnglish } from '../../src/explain/story-en.ts';
import { storyInChinese } from '../../src/explain/story-zh.ts';
import type { FollowedSegment } from '../../src/explain/types.ts';
import { ANOMALIES } from '../../src/explain/types.ts';
import { segmentsOf } from './captured.ts';
import { Talk } from './talk.ts';
import { letters, TwoHosts } from './two-hosts.ts';

function lifeOf(segments: readonly FollowedSegment[]): Life {
  const life = new Life(segments[0]!, () => {});
  for (const segment of segments) life.take(segment);
  life.end();
  return life;
}

/** Every sentence, a part a line. */
function story(from: TwoHosts | Talk, words: StoryWords = storyInEnglish): string[] {
  const segments = from instanceof Talk ? from.told : segmentsOf(from.packets);
  const { cast, opened, flowed, trouble, ended } = tellStory(lifeOf(segments), words);
  return [cast, ...[opened, flowed, trouble, ended].map((part) => part.join(words.space))];
}

/** How it ended alone. */
function ending(from: TwoHosts | Talk): string {
  return story(from)[4]!;
}

describe('the story of a captured connection', () => {
  it('tells of an orderly life with a half-closed time', () => {
    const hosts = new TwoHosts();
    const [client, server] = hosts.open();
    client.write(letters(3000));
    client.end();
    hosts.pass(300);
    server.write(letters(5000));
    server.end();
    hosts.pass(1000);
    expect(story(hosts)).toMatchInlineSnapshot(`
      [
        "192.0.2.1:58971 is the client, 192.0.2.2:80 the server.",
        "The client asked, the server agreed, the client confirmed: three segments. Segments may have 1460 octets towards the client and 1460 towards the server; agreed: windows in units of 1024 (the client's) and 1024 octets (the server's), selective acknowledgments and timestamps.",
        "The client sent 3,000 octets of text in 6 packets, 63.2 kbit/s on average. The server sent 5,000 octets of text in 6 packets, 105 kbit/s on average. The client was acknowledged after 40 ms on average (40 ms to 40 ms), as seen at the place of the capture.",
        "Nothing that the capture shows.",
        "The client closed first, after 60 ms. The server used its half of the connection for 320 ms more, sent 5,000 octets, and closed too. The client is left in TIME-WAIT: it answers if its last ACK was lost, and keeps old segments from a new connection.",
      ]
    `);
    expect(story(hosts, storyInChinese)).toMatchInlineSnapshot(`
      [
        "192.0.2.1:58971 是客户端，192.0.2.2:80 是服务器。",
        "客户端请求，服务器同意，客户端再确认：三个报文段。发给客户端的报文段最长 1460 字节，发给服务器的最长 1460 字节；双方商定：窗口以 1024 字节（客户端）和 1024 字节（服务器）为单位、选择确认、时间戳。",
        "客户端发送了 3000 字节数据，用了 6 个包，平均 63.2 kbit/s。服务器发送了 5000 字节数据，用了 6 个包，平均 105 kbit/s。在捕获处看，客户端发出的数据平均 40 毫秒后得到确认（最短 40 毫秒，最长 40 毫秒）。",
        "捕获里看不出问题。",
        "客户端先关闭，在 60 毫秒之后。服务器的方向又用了 320 毫秒，发送了 5000 字节，然后也关闭。客户端留在 TIME-WAIT：最后的 ACK 若丢失由它补发，旧报文段也不会混进新的连接。",
      ]
    `);
  });

  it('tells of losses by their names in Wireshark, with frames and times', () => {
    const hosts = new TwoHosts({ seed: 3, back: { loss: 0.1 } });
    const [, server] = hosts.open();
    server.write(letters(40_000));
    server.end();
    hosts.pass(3000);
    expect(story(hosts)[3]).toMatchInlineSnapshot(
      `"TCP Previous segment not captured: 2 by the server, from 80 ms to 200 ms (frames 6, 32); a gap: what is missing was lost before it reached the capture, or was not captured. TCP Dup ACK: 11 by the client, from 80 ms to 200 ms (frames 9, 11, 13, 15, 17, ...); the receiver repeats its ACK: something has come beyond a gap. TCP Retransmission: 2 by the server, from 120 ms to 240 ms (frames 20, 42); sent again: it was lost, or its ACK was lost or late. The server sent 6.9 % of its packets again."`,
    );
    expect(story(hosts, storyInChinese)[3]).toMatchInlineSnapshot(
      `"TCP Previous segment not captured：服务器 2 个，从 80 毫秒到 200 毫秒（帧 6、32）；出现缺口：缺的数据在到达捕获处之前丢失，或者没有被捕获。TCP Dup ACK：客户端 11 个，从 80 毫秒到 200 毫秒（帧 9、11、13、15、17 等）；接收方重复同一个 ACK：缺口后面的数据已到。TCP Retransmission：服务器 2 个，从 120 毫秒到 240 毫秒（帧 20、42）；重新发送：原来的丢失了，或者它的 ACK 丢失或迟到。服务器的包有 6.9% 是重传。"`,
    );
  });

  it('counts octets that were lost before they came to the capture once', () => {
    const hosts = new TwoHosts({ seed: 3, back: { loss: 0.1 } });
    const [, server] = hosts.open();
    server.write(letters(40_000));
    server.end();
    hosts.pass(3000);
    expect(story(hosts)[2]).toContain('sent 40,000 octets of text');
  });

  it('tells of a closed port', () => {
    const hosts = new TwoHosts();
    hosts.connect();
    hosts.pass(100);
    expect(story(hosts)).toMatchInlineSnapshot(`
      [
        "192.0.2.1:58971 is the client, 192.0.2.2:80 the server.",
        "The client asked, and the server refused with a RST.",
        "No text went over it.",
        "Nothing that the capture shows.",
        "The server sent a RST after 40 ms. The likely cause: nobody listens on that port, or a firewall says so.",
      ]
    `);
    expect(story(hosts, storyInChinese)).toMatchInlineSnapshot(`
      [
        "192.0.2.1:58971 是客户端，192.0.2.2:80 是服务器。",
        "客户端请求，服务器用 RST 拒绝。",
        "没有传送任何数据。",
        "捕获里看不出问题。",
        "服务器在 40 毫秒之后发出 RST。可能的原因：没有程序在监听那个端口，或者防火墙这样回答。",
      ]
    `);
  });

  it('tells of a SYN that had to be repeated, and of one without an answer', () => {
    const hosts = new TwoHosts();
    hosts.listen();
    hosts.wire.link.drop(() => true, 2);
    hosts.connect();
    hosts.pass(4000);
    expect(story(hosts)[1]).toContain('The client had to send its SYN 3 times, over 3.04 s.');
    const alone = new TwoHosts();
    alone.wire.link.drop(() => true, 100);
    alone.connect();
    alone.pass(10_000);
    expect(story(alone)[1]).toContain('The client asked, and there was no answer.');
    expect(ending(alone)).toContain('The capture ends while the client is in SYN-SENT.');
  });

  it('tells of a simultaneous close', () => {
    const hosts = new TwoHosts();
    const [client, server] = hosts.open();
    client.end();
    server.end();
    hosts.pass(100);
    expect(ending(hosts)).toBe(
      'Both closed at the same time, after 60 ms: their FINs crossed. Both are left in TIME-WAIT.',
    );
  });

  it('tells of a window that was closed, and for how long', () => {
    const hosts = new TwoHosts({ server: { tcp: { receiveBuffer: 4096, receiveBufferMax: 4096 } } });
    const [client, server] = hosts.open();
    server.handler = {};
    client.write(letters(8000));
    hosts.pass(3000);
    while (server.read(new Uint8Array(4096)) > 0);
    hosts.pass(500);
    expect(story(hosts)[3]).toContain('TCP ZeroWindow: ');
    expect(story(hosts)[3]).toMatch(/The server kept its window closed for 2\.\d+ s in all\./);
  });

  it('says that nothing went wrong where nothing did', () => {
    const hosts = new TwoHosts();
    hosts.open();
    expect(story(hosts)[3]).toBe('Nothing that the capture shows.');
    expect(ending(hosts)).toBe('The capture ends while both are in ESTABLISHED.');
  });
});

describe('the likely cause of a reset', () => {
  const cause = (talk: TwoHosts | Talk): string => /The likely cause: ([^.]*)\./.exec(ending(talk))?.[1] ?? 'none';

  it('is an abort', () => {
    const hosts = new TwoHosts();
    const [client] = hosts.open();
    client.write(letters(10));
    hosts.pass(100);
    client.abort();
    hosts.pass(100);
    expect(cause(hosts)).toBe('its user aborted the connection');
  });

  it('is text that nobody has read', () => {
    const hosts = new TwoHosts();
    const [client, server] = hosts.open();
    server.handler = {};
    client.write(letters(10));
    hosts.pass(100);
    server.abort();
    hosts.pass(100);
    expect(cause(hosts)).toBe('its user aborted, or closed without reading all that the client had sent');
  });

  it('is text after a close', () => {
    const talk = new Talk().open().server({ flags: 0x11, seq: 501, ack: 101 }).client({ seq: 101, ack: 502 });
    talk.client({ seq: 101, ack: 502, length: 10 }).server({ flags: 0x04, seq: 502 });
    expect(cause(talk)).toBe('it had closed, nobody was left to read, and the client still sent');
  });

  it('is an end that has forgotten the connection', () => {
    const talk = new Talk().open().client({ seq: 101, ack: 501, length: 10 }).server({ flags: 0x04, seq: 501 });
    expect(cause(talk)).toBe('it knows of no such connection; it has restarted, or forgotten it');
  });

  it('is a peer that is gone', () => {
    const talk = new Talk().open();
    for (let i = 0; i < 5; i++) talk.client({ seq: 101, ack: 501, length: 10 }).wait(1000);
    talk.client({ flags: 0x14, seq: 111, ack: 501 });
    expect(cause(talk)).toBe('what it sent again and again was never acknowledged');
  });

  it('is an old SYN,ACK', () => {
    const talk = new Talk().client({ flags: 0x02, seq: 100 }).server({ flags: 0x12, seq: 500, ack: 77 });
    talk.client({ flags: 0x04, seq: 77 });
    expect(cause(talk)).toBe('what it got acknowledges another SYN than its own: an old duplicate');
  });

  it('is somebody who only wanted to see an answer', () => {
    const talk = new Talk().client({ flags: 0x02, seq: 100 }).server({ flags: 0x12, seq: 500, ack: 101 });
    talk.client({ flags: 0x04, seq: 101 });
    expect(cause(talk)).toBe('it had given up, or only wanted to see whether somebody answers (a port scan)');
  });

  it('is not believed where its sender goes on', () => {
    const talk = new Talk().open().server({ flags: 0x04, seq: 77_000 });
    talk.client({ seq: 101, ack: 501, length: 5 }).server({ seq: 501, ack: 106 });
    expect(ending(talk)).toContain('The server went on after it, so it was forged, or its number was wrong.');
  });
});

describe('what a story says of what is not in the capture', () => {
  it('is that the connection was there before', () => {
    const talk = new Talk().client({ seq: 101, ack: 501, length: 5 }).server({ seq: 501, ack: 106 });
    expect(story(talk)).toEqual([
      'Between 192.0.2.1:40000 and 192.0.2.2:80; who asked for the connection is not in the capture.',
      'It was open before the capture began.',
      expect.stringContaining('192.0.2.1:40000 sent 5 octets of text'),
      'Nothing that the capture shows.',
      'The capture ends while both are in ESTABLISHED.',
    ]);
    expect(story(talk, storyInChinese)[1]).toBe('开始捕获之前，连接已经建立。');
  });

  it('is that the SYN is missing, or one direction', () => {
    const answered = new Talk().server({ flags: 0x12, seq: 500, ack: 101 }).client({ seq: 101, ack: 501 });
    expect(story(answered)[1]).toContain('The SYN is not in the capture');
    const oneWay = new Talk().client({ flags: 0x02, seq: 100 }).client({ seq: 101, ack: 501 });
    expect(story(oneWay)[1]).toContain('Only what the client sent is in the capture');
  });
});

describe('the words of stories', () => {
  it('explain each anomaly in each language', () => {
    for (const { name } of ANOMALIES) {
      expect(storyInEnglish.anomalies[name]).toMatch(/^[a-z ',:]+$/i);
      expect(storyInChinese.anomalies[name]).toMatch(/[\u4e00-\u9fff]/);
    }
  });
});
