/** What the presets' words promise, beyond what each preset expects of itself. */

import { Explainer, english } from 'tsyn/explain';
import { renderLadder } from 'tsyn/trace';
import { describe, expect, it } from 'vitest';
import { OWNERS } from '../../lab/engine/addresses.ts';
import { Facts } from '../../lab/engine/facts.ts';
import { run } from '../../lab/engine/run.ts';
import type { Edit, Settings } from '../../lab/engine/types.ts';

function play(preset: string, settings: Partial<Settings> = {}, edits: readonly Edit[] = []): Facts {
  return new Facts(run({ preset, seed: 1, settings, edits }));
}

function ladder(facts: Facts): string {
  return renderLadder(facts.run.events, { left: 'A', right: 'B', windows: false, timers: 'main' });
}

describe('why three', () => {
  it('an old SYN makes B ask back, and A’s reset sends it back to LISTEN', () => {
    expect(ladder(play('stale-syn'))).toMatchInlineSnapshot(`
      " ms  A                                                              B              ms
           CLOSED        |                                             |  CLOSED
                         |                                        OPEN |  LISTEN          0
                         |---- SYN seq=0 ----------------------------->|  SYN-RECEIVED   50
      100                |<---------- SYN,ACK seq=0 ack=1 mss=1460 ----|                 50
      100                |---- RST seq=1 ----------------------------->|  LISTEN        150
      400                | OPEN                                        |
      400  SYN-SENT      |---- SYN seq=0 mss=1460 sackOK ------------->|  SYN-RECEIVED  450
      500  ESTABLISHED   |<--- SYN,ACK seq=0 ack=1 mss=1460 sackOK ----|                450
      500                |---- ACK seq=1 ack=1 ----------------------->|  ESTABLISHED   550"
    `);
  });

  it('without anybody who answers, B gives its place up only when its patience ends', () => {
    const facts = play('stale-syn', {}, [{ op: 'partition', host: 'A', at: 0, until: 400_000 }]);
    expect(facts.again('B', 'SYN,ACK').length).toBeGreaterThan(4);
    expect(facts.when('B', 'ESTABLISHED')).toBe(Infinity);
    expect(facts.passed('B', 'SYN-RECEIVED', 'LISTEN')).toBe(true);
  });
});

describe('why four', () => {
  it('text goes on in one direction when the other has been closed', () => {
    const facts = play('half-close');
    const closed = facts.when('A', 'FIN-WAIT-2');
    expect(facts.sent('B', 'text').every(({ sent }) => sent > closed - 60)).toBe(true);
    expect(facts.when('A', 'TIME-WAIT')).toBeGreaterThan(closed + 300);
    expect(ladder(facts)).toMatchInlineSnapshot(`
      "   ms  A                                                              B                ms
             CLOSED        |                                             |  CLOSED
                           |                                        OPEN |  LISTEN            0
         20                | OPEN                                        |
         20  SYN-SENT      |---- SYN seq=0 mss=1460 sackOK ------------->|  SYN-RECEIVED     70
        120  ESTABLISHED   |<--- SYN,ACK seq=0 ack=1 mss=1460 sackOK ----|                   70
        120                | SEND 120 octets                             |
        120                |---- PSH,ACK seq=1 len=120 ack=1 ----------->|  ESTABLISHED     170
                           |                     delayed-ACK timer fires |                  210
        260                |<--------------------- ACK seq=1 ack=121 ----|                  210
        270                | CLOSE                                       |
        270  FIN-WAIT-1    |---- FIN,ACK seq=121 ack=1 ----------------->|  CLOSE-WAIT      320
        370  FIN-WAIT-2    |<--------------------- ACK seq=1 ack=122 ----|                  320
                           |                            SEND 2000 octets |                  420
        470                |<------------ ACK seq=1 len=1460 ack=122 ----|                  420
        510                | delayed-ACK timer fires                     |
        510                |---- ACK seq=122 ack=1461 ------------------>|                  560
        610                |<------ PSH,ACK seq=1461 len=540 ack=122 ----|                  560
                           |                            SEND 1000 octets |                  570
        650                | delayed-ACK timer fires                     |
        650                |---- ACK seq=122 ack=2001 ------------------>|                  700
        750                |<----- PSH,ACK seq=2001 len=1000 ack=122 ----|                  700
                           |                                       CLOSE |                  720
        770  TIME-WAIT     |<-------------- FIN,ACK seq=3001 ack=122 ----|  LAST-ACK        720
        770                |---- ACK seq=122 ack=3002 ------------------>|  CLOSED          820
        770                | TIME-WAIT timer set: 60 s                   |
                                         ... 60 s later ...
      60770  CLOSED        | TIME-WAIT timer fires                       |"
    `);
  });
});

describe('why 2 MSL', () => {
  it('the last ACK is lost, and A is still there to say it again', () => {
    expect(ladder(play('lost-final-ack'))).toMatchInlineSnapshot(`
      "   ms  A                                                               B                ms
             CLOSED        |                                              |  CLOSED
                           |                                         OPEN |  LISTEN            0
         20                | OPEN                                         |
         20  SYN-SENT      |---- SYN seq=0 mss=1460 sackOK -------------->|  SYN-RECEIVED     70
        120  ESTABLISHED   |<---- SYN,ACK seq=0 ack=1 mss=1460 sackOK ----|                   70
        120                |---- ACK seq=1 ack=1 ------------------------>|  ESTABLISHED     170
        320                | CLOSE                                        |
        320  FIN-WAIT-1    |---- FIN,ACK seq=1 ack=1 -------------------->|  CLOSE-WAIT      370
        420  FIN-WAIT-2    |<------------------------ ACK seq=1 ack=2 ----|                  370
                           |                                        CLOSE |                  390
        440  TIME-WAIT     |<-------------------- FIN,ACK seq=1 ack=2 ----|  LAST-ACK        390
        440                |---- ACK seq=2 ack=2 ----------X lost         |
        440                | TIME-WAIT timer set: 60 s                    |
                           |                  tail-loss-probe timer fires |                  690
        740                |<--- FIN,ACK seq=1 ack=2 (retransmission) ----|                  690
        740                |---- ACK seq=2 ack=2 ------------------------>|  CLOSED          790
        740                | TIME-WAIT timer set: 60 s                    |
                                          ... 60 s later ...
      60740  CLOSED        | TIME-WAIT timer fires                        |"
    `);
  });

  it('without TIME-WAIT B’s FIN meets a reset', () => {
    const facts = play('lost-final-ack', { msl: 0 });
    expect(facts.again('B', 'FIN')).toHaveLength(1);
    expect(facts.sent('A', 'RST')).toHaveLength(1);
  });

  it.each<[Partial<Settings>, number]>([
    [{}, 0],
    [{ msl: 0 }, 0],
    [{ freshIsn: false }, 0],
    [{ freshIsn: false, msl: 0 }, 100],
    [{ freshIsn: false, msl: 0, timestamps: true }, 0],
  ])('of the old connection’s text, with %j, %i octets are read in the new one', (settings, foreign) => {
    expect(play('timewait-reuse', settings).view('B')?.foreign).toBe(foreign);
  });

  it('with equal numbers the new SYN is ignored for as long as TIME-WAIT lasts', () => {
    const facts = play('timewait-reuse', { freshIsn: false });
    const begins = facts.when('B', 'TIME-WAIT');
    const [, second] = facts.events('B', 'state').filter(({ to }) => to === 'SYN-RECEIVED');
    expect(second?.time).toBeGreaterThanOrEqual(begins + 60_000);
    expect(facts.last('A')).toBe('ESTABLISHED');
  });
});

describe('the other lessons', () => {
  it('a flood takes A’s place; cookies cost no place, and options', () => {
    const [off, on] = [play('syn-flood'), play('syn-flood', { cookies: true })];
    expect(off.view('B')?.backlog).toEqual({ used: 16, limit: 16, cookies: 0 });
    expect(off.everTold('A', 'ECONNRESET')).toBe(true);
    expect(on.view('B')?.backlog?.cookies).toBeGreaterThan(180);
    expect(on.read('B')).toBe(100);
    const synack = on.sent('B', 'SYN,ACK').find(({ to }) => to === 'A');
    expect(synack?.segment.sackPermitted).toBeUndefined();
    expect(synack?.segment.windowScale).toBeUndefined();
  });

  it('three duplicate ACKs bring one segment again, and the window down', () => {
    const facts = play('fast-retransmit');
    const [again] = facts.again('A', 'text');
    const acks = facts.run.events.filter(
      (event) => event.type === 'segment-received' && event.host === 'A' && event.segment.sack !== undefined,
    );
    expect(acks[2]?.time).toBe(again?.sent);
    const windows = facts.events('A', 'congestion').map(({ cwnd }) => cwnd);
    expect(Math.min(...windows)).toBeLessThan(windows[0]!);
  });

  it('without SACK three duplicate ACKs do as well', () => {
    const facts = play('fast-retransmit', { sack: false });
    expect(facts.again('A', 'text')).toHaveLength(1);
    expect(facts.fired('A', 'retransmission')).toBe(false);
  });

  it('probes of a closed window become rarer, and the answer to one is what the lost ACK would have said', () => {
    const facts = play('zero-window');
    const times = facts.events('A', 'timer-fired').filter(({ timer }) => timer === 'persist');
    const gaps = times.slice(1).map(({ time }, i) => time - times[i]!.time);
    expect(gaps.every((gap, i) => i === 0 || gap >= 1.9 * gaps[i - 1]!)).toBe(true);
    expect(facts.sent('B', 'ACK').filter(({ fate }) => fate === 'lost')).toHaveLength(1);
  });

  it('a forged reset is ignored outside the window, and asked about inside', () => {
    const facts = play('rst-forged');
    const answers = facts.sent('B', 'ACK');
    expect(answers).toHaveLength(1);
    expect(answers[0]?.sent).toBeGreaterThan(600);
  });

  it('marks in the place of losses: nothing is sent again, and A slows down', () => {
    const facts = play('ecn');
    expect(facts.run.packets.some(({ octets }) => (octets[1]! & 3) === 3)).toBe(true);
    expect(facts.run.packets.every(({ fate }) => fate === 'delivered')).toBe(true);
  });

  it('keep-alive asks after two hours, and gives up after nine more unanswered questions', () => {
    const facts = play('keepalive', {}, [{ op: 'partition', host: null, at: 7_000_000, until: 8_000_000 }]);
    const probes = facts.sent('A', 'ACK').filter(({ sent }) => sent > 7_000_000);
    expect(probes[0]?.sent).toBe(7_200_120);
    expect(probes.length).toBe(9);
    expect(facts.told('A')).toBe('ETIMEDOUT');
  });

  it('no segment is silly', () => {
    expect(
      play('silly-window')
        .sent('A', 'text')
        .every(({ segment }) => segment.length === 536),
    ).toBe(true);
  });

  it('SYNs that meet cross: two of each, and one connection', () => {
    const facts = play('figure-7');
    expect(
      facts
        .sent('A')
        .concat(facts.sent('B'))
        .filter(({ segment }) => segment.flags & 2),
    ).toHaveLength(4);
  });

  it('a segment of another round is told by its timestamp, and the real one is none that was sent before', () => {
    const { events } = play('paws').run;
    const explainer = new Explainer({ words: english, hosts: OWNERS });
    const told = events.map((event) => explainer.take(event).text);
    const at = (time: number): readonly string[] => told.filter((_, i) => events[i]?.time === time);
    expect(at(450)).toContain('C sends a packet that claims to come from A.');
    expect(at(500)[0]).toMatch(/^B drops octets 101–200 of A: its timestamp is older/);
    expect(at(770)[0]).toMatch(/^B takes octets 101–200 of A/);
    expect(play('paws').again('A')).toEqual([]);
  });
});
