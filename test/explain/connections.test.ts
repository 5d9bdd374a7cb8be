import { describe, expect, it } from 'vitest';
import { CLIENT, packet, SERVER, Talk } from './talk.ts';

const SYN = 0x02;
const RST = 0x04;
const ACK = 0x10;
const FIN_ACK = 0x11;

describe('a followed connection', () => {
  it('counts packets, frames and text each way', () => {
    const talk = new Talk().open();
    talk.client({ seq: 101, ack: 501, length: 300 }).server({ seq: 501, ack: 401, length: 50 });
    const [connection] = [...talk.connections];
    expect(connection!.packets).toBe(5);
    expect(connection!.sides.map(({ name, packets, octets, text }) => [name, packets, octets, text])).toEqual([
      ['192.0.2.1:40000', 3, 44 + 40 + 340, 300],
      ['192.0.2.2:80', 2, 44 + 90, 50],
    ]);
    expect([connection!.firstFrame, connection!.lastFrame, connection!.duration]).toEqual([1, 5, 30]);
  });

  it('knows who opened it and what the SYNs agreed on', () => {
    const talk = new Talk();
    talk.client({ flags: SYN, seq: 1, mss: 1460, windowScale: 7 });
    const [connection] = [...talk.connections];
    expect(connection!.opener).toBe(0);
    expect(connection!.agreement).toBe(null);
    talk.server({ flags: SYN | ACK, seq: 9, ack: 2, mss: 1200 });
    expect(connection!.agreement).toEqual({ windowScaling: false, sack: false, timestamps: false });
    expect(connection!.sides.map(({ offer }) => offer?.mss)).toEqual([1460, 1200]);
  });

  it('times the handshake, and one segment after the other', () => {
    const talk = new Talk().open(15);
    const [connection] = [...talk.connections];
    expect(connection!.initialRoundTrip).toBe(30);
    talk.client({ seq: 101, ack: 501, length: 10 }).wait(5);
    talk.client({ seq: 111, ack: 501, length: 10 }).wait(40).server({ seq: 501, ack: 121 });
    const { count, min, max, mean } = connection!.sides[0].roundTrips;
    expect({ count, min, max, mean }).toEqual({ count: 2, min: 15, max: 45, mean: 30 });
  });

  it('does not time what was sent again', () => {
    const talk = new Talk().open(15);
    const { roundTrips } = [...talk.connections][0]!.sides[0];
    const before = roundTrips.count;
    talk.client({ seq: 101, ack: 501, length: 10 }).wait(500).client({ seq: 101, ack: 501, length: 10 });
    expect(talk.last).toEqual(['TCP Retransmission']);
    talk.wait(5).server({ seq: 501, ack: 111 });
    expect(roundTrips.count).toBe(before);
  });

  it('has ended with a reset, or when both ends have sent FIN', () => {
    const talk = new Talk().open();
    const [connection] = [...talk.connections];
    talk.client({ flags: FIN_ACK, seq: 101, ack: 501 });
    expect(connection!.ended).toBe(false);
    talk.server({ flags: FIN_ACK, seq: 501, ack: 102 });
    expect(connection!.ended).toBe(true);
    const other = new Talk().client({ flags: SYN, seq: 1 }).server({ flags: RST | ACK, ack: 2 });
    expect([...other.connections][0]!.ended).toBe(true);
  });

  it('begins anew with a SYN of another sequence number, and not with the same one', () => {
    const talk = new Talk().open();
    talk.client({ flags: SYN, seq: 100 });
    expect(talk.connections.size).toBe(1);
    talk.client({ flags: SYN, seq: 99 });
    expect(talk.last).toEqual(['TCP Port numbers reused']);
    expect([...talk.connections].map(({ stream, reused, packets }) => [stream, reused, packets])).toEqual([
      [0, false, 4],
      [1, true, 1],
    ]);
    talk.server({ flags: SYN | ACK, seq: 7, ack: 100 });
    expect(talk.told.at(-1)!.connection.stream).toBe(1);
  });
});

describe('following', () => {
  it('tells each segment with its direction, stream and numbers', () => {
    const talk = new Talk().open().server({ seq: 501, ack: 101, length: 5 });
    const { frame, time, from, src, dst, fragment, cut, connection, segment } = talk.told.at(-1)!;
    expect({ frame, time, from, src, dst, fragment, cut }).toEqual({
      frame: 4,
      time: 1_000_030,
      from: 1,
      src: SERVER,
      dst: CLIENT,
      fragment: false,
      cut: false,
    });
    expect(connection).toBe([...talk.connections][0]);
    expect(segment).toMatchObject({ srcPort: 80, dstPort: 40_000, seq: 501, ack: 101, flags: ACK, length: 5 });
  });

  it('reads what a snap length has left: text that is gone counts, options that are gone do not', () => {
    const talk = new Talk();
    const whole = packet(CLIENT, SERVER, { seq: 1, length: 1000, mss: 1460 });
    talk.take(whole.subarray(0, 44), whole.length);
    expect(talk.told.at(-1)).toMatchObject({ cut: false, segment: { length: 1000, mss: 1460 } });
    talk.take(whole.subarray(0, 36), whole.length);
    expect(talk.told.at(-1)).toMatchObject({ cut: true, segment: { length: 1000, seq: 1, window: 1000 } });
    expect([...talk.connections][0]!.sides[0]).toMatchObject({ packets: 2, text: 2000, octets: 2 * 1044 });
    talk.take(whole.subarray(0, 35), whole.length);
    expect(talk.connections.counts).toMatchObject({ segments: 2, malformed: 1 });
  });

  it('does not count what the link puts behind a packet as text', () => {
    const talk = new Talk();
    const padded = new Uint8Array(60);
    padded.set(packet(CLIENT, SERVER, { seq: 1 }));
    talk.take(padded);
    expect(talk.told[0]!.segment.length).toBe(0);
    expect([...talk.connections][0]!.octets).toBe(60);
  });

  it('keeps at most as many connections as told: those that have ended go first, and the oldest', () => {
    const dropped: number[] = [];
    const talk = new Talk({ maxConnections: 8, onDropped: ({ stream }) => dropped.push(stream) });
    for (let i = 0; i < 8; i++) talk.client({ flags: SYN, seq: 1, srcPort: 1000 + i });
    talk.server({ flags: RST, seq: 0, dstPort: 1003 });
    talk.client({ flags: SYN, seq: 1, srcPort: 2000 });
    expect(dropped).toEqual([3]);
    talk.client({ flags: SYN, seq: 1, srcPort: 2001 });
    expect(dropped).toEqual([3, 0]);
    expect(talk.connections.size).toBe(8);
    expect(talk.connections.counts.dropped).toBe(2);
    talk.client({ seq: 2, srcPort: 1000 });
    expect(talk.told.at(-1)!.connection.stream).toBe(10);
  });
});
