import { describe, expect, it } from 'vitest';
import { ANOMALIES } from '../../src/explain/index.ts';
import { Talk } from './talk.ts';

const FIN_ACK = 0x11;
const RST = 0x04;
const SYN = 0x02;

/** Client's octets from 101 on, server's from 501 on. */
const text = (seq: number, length: number) => ({ seq, ack: 501, length });
const ackOf = (ack: number, window = 1000) => ({ seq: 501, ack, window });

describe('text that comes again', () => {
  it('is a retransmission when it comes late', () => {
    const talk = new Talk().open().client(text(101, 10)).client(text(111, 10)).wait(300);
    expect(talk.client(text(101, 10)).last).toEqual(['TCP Retransmission']);
  });

  it('is out of order when it comes within the initial round trip', () => {
    const talk = new Talk().open(10).client(text(111, 10)).wait(19);
    expect(talk.client(text(101, 10)).last).toEqual(['TCP Out-Of-Order']);
    const late = new Talk().open(10).client(text(111, 10)).wait(20);
    expect(late.client(text(101, 10)).last).toEqual(['TCP Retransmission']);
  });

  it('is out of order within 3 ms where the round trip is not known', () => {
    const talk = new Talk().client(text(111, 10)).wait(2.9);
    expect(talk.client(text(101, 10)).last).toEqual(['TCP Out-Of-Order']);
    const late = new Talk().client(text(111, 10)).wait(3);
    expect(late.client(text(101, 10)).last).toEqual(['TCP Retransmission']);
  });

  it('knows no round trip from a SYN at the very beginning of 1970, as Wireshark', () => {
    const talk = new Talk({}, 0).open(10).client(text(111, 10)).wait(19);
    expect(talk.client(text(101, 10)).last).toEqual(['TCP Retransmission']);
    expect([...talk.connections][0]!.initialRoundTrip).toBe(null);
  });

  it('is a retransmission when it ends where the last text ended, however soon', () => {
    const talk = new Talk().open(10).client(text(101, 10));
    expect(talk.client(text(101, 10)).last).toEqual(['TCP Retransmission']);
  });

  it('is a fast retransmission within 20 ms of the second duplicate ACK for it', () => {
    const talk = new Talk().open().client(text(101, 10)).client(text(111, 10)).wait(300).server(ackOf(101));
    talk.server(ackOf(101)).server(ackOf(101)).wait(19);
    expect(talk.client(text(101, 10)).last).toEqual(['TCP Fast Retransmission']);
    talk.server(ackOf(101)).wait(20);
    expect(talk.client(text(101, 10)).last).toEqual(['TCP Retransmission']);
  });

  it('is a spurious retransmission when it has been acknowledged', () => {
    const talk = new Talk().open().client(text(101, 10)).server(ackOf(111));
    expect(talk.client(text(101, 10)).last).toEqual(['TCP Spurious Retransmission']);
  });

  it('may be a SYN or a FIN', () => {
    const talk = new Talk().client({ flags: SYN, seq: 100 }).wait(1000).client({ flags: SYN, seq: 100 });
    expect(talk.last).toEqual(['TCP Retransmission']);
    const closing = new Talk()
      .open()
      .client({ flags: FIN_ACK, ...text(101, 0) })
      .wait(300);
    expect(closing.client({ flags: FIN_ACK, ...text(101, 0) }).last).toEqual(['TCP Retransmission']);
  });

  it('counts as sent again, in segments and octets', () => {
    const talk = new Talk().open().client(text(101, 10)).wait(300).client(text(101, 10)).server(ackOf(111));
    const [connection] = [...talk.connections];
    expect(connection!.sides[0]).toMatchObject({ text: 20, retransmissions: 1, retransmitted: 10 });
    expect(connection!.anomalies('retransmission')).toBe(1);
    expect(connection!.throughput(0)).toBeCloseTo((10 * 8000) / connection!.duration);
  });
});

describe('text that the capture does not have', () => {
  it('is missed when later text comes, but not before a reset', () => {
    const talk = new Talk().open().client(text(111, 10));
    expect(talk.last).toEqual(['TCP Previous segment not captured']);
    expect(talk.client({ flags: RST, seq: 500 }).last).toEqual([]);
  });

  it('is missed when it is acknowledged, once', () => {
    const talk = new Talk().open().client(text(101, 10));
    expect(talk.server(ackOf(121)).last).toEqual(['TCP ACKed unseen segment']);
    expect(talk.server(ackOf(121)).last).toEqual(['TCP Dup ACK 5#1']);
  });
});

describe('an ACK that is repeated', () => {
  it('is numbered, with the frame that brought it first', () => {
    const talk = new Talk().open().client(text(101, 10)).server(ackOf(111));
    expect(talk.server(ackOf(111)).last).toEqual(['TCP Dup ACK 5#1']);
    expect(talk.server(ackOf(111)).last).toEqual(['TCP Dup ACK 5#2']);
    expect(talk.told.at(-1)!.anomalies).toEqual([
      { name: 'duplicate_ack', label: 'TCP Dup ACK 5#2', duplicate: { number: 2, of: 5 } },
    ]);
    expect(talk.client(text(111, 10)).server(ackOf(121)).last).toEqual([]);
    expect(talk.server(ackOf(121)).last).toEqual(['TCP Dup ACK 9#1']);
  });

  it('is a window update with another window', () => {
    const talk = new Talk().open().client(text(101, 10)).server(ackOf(111));
    expect(talk.server(ackOf(111, 2000)).last).toEqual(['TCP Window Update']);
  });
});

describe('a window', () => {
  it('is full when text reaches its edge, if its scale is known', () => {
    const talk = new Talk().open(10, 100);
    expect(talk.client(text(101, 99)).last).toEqual([]);
    expect(talk.client(text(200, 1)).last).toEqual(['TCP Window Full']);
    const middle = new Talk().client({ ...text(100, 1) }).server(ackOf(101, 100));
    expect(middle.client(text(101, 100)).last).toEqual([]);
  });

  it('is told when it is zero, and probes of it and their answers', () => {
    const talk = new Talk().open(10, 100).client(text(101, 100));
    expect(talk.server(ackOf(201, 0)).last).toEqual(['TCP ZeroWindow']);
    expect(talk.wait(500).client(text(201, 1)).last).toEqual(['TCP ZeroWindowProbe']);
    expect(talk.server(ackOf(201, 0)).last).toEqual(['TCP ZeroWindow', 'TCP ZeroWindowProbeAck']);
    expect(talk.server(ackOf(201, 100)).last).toEqual(['TCP Window Update']);
  });

  it('is scaled, but not that of a SYN', () => {
    const talk = new Talk();
    talk.client({ flags: SYN, seq: 100, windowScale: 2, window: 100 });
    talk.server({ flags: 0x12, seq: 500, ack: 101, windowScale: 2, window: 100 });
    talk.client({ seq: 101, ack: 501, window: 100 });
    expect(talk.client(text(101, 100)).last).toEqual(['TCP Window Full']);
    talk.server(ackOf(201, 100));
    expect(talk.client(text(201, 100)).last).toEqual([]);
    expect(talk.client(text(301, 300)).last).toEqual(['TCP Window Full']);
  });
});

describe('a keep-alive', () => {
  it('is the octet before the next, or nothing there, and is answered', () => {
    const talk = new Talk().open().wait(10_000);
    expect(talk.client(text(100, 1)).last).toEqual(['TCP Keep-Alive']);
    expect(talk.server(ackOf(101)).last).toEqual(['TCP Keep-Alive ACK']);
    expect(talk.wait(10_000).client(text(100, 0)).last).toEqual(['TCP Keep-Alive']);
  });
});

describe('the anomalies', () => {
  it('are those of Wireshark, each with a bit of its own', () => {
    expect(ANOMALIES).toHaveLength(15);
    expect(new Set(ANOMALIES.map(({ bit }) => bit)).size).toBe(15);
    expect(ANOMALIES.reduce((all, { bit }) => all | bit, 0)).toBe(0x7fff);
  });

  it('are none in what nobody could find fault with', () => {
    const talk = new Talk()
      .open()
      .client(text(101, 10))
      .server(ackOf(111))
      .client({ flags: FIN_ACK, ...text(111, 0) });
    talk.server({ flags: FIN_ACK, seq: 501, ack: 112 }).client({ seq: 112, ack: 502 });
    expect(talk.told.flatMap(({ anomalies }) => anomalies)).toEqual([]);
  });
});
