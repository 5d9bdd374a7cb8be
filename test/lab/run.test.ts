import { describe, expect, it } from 'vitest';
import { digest } from '../../lab/engine/digest.ts';
import { toJson } from '../../lab/engine/exports/json.ts';
import { run } from '../../lab/engine/run.ts';
import type { Edit, Input, Run, Settings } from '../../lab/engine/types.ts';
import { PRESETS } from '../../lab/presets/index.ts';

function play(preset: string, edits: readonly Edit[] = [], settings: Partial<Settings> = {}): Run {
  return run({ preset, seed: 1, settings, edits });
}

describe('a run', () => {
  it.each(PRESETS.filter(({ id }) => id !== 'big').map(({ id }) => id))(
    'of %s is the same whenever it is run',
    (id) => {
      const input: Input = { preset: id, seed: 3, settings: { loss: 0.1 }, edits: [] };
      const [one, other] = [run(input), run(input)];
      expect(other).toEqual(one);
      expect(toJson(other)).toBe(toJson(one));
      expect(digest(other)).toBe(digest(one));
    },
  );

  it('of thousands of segments has the same digest whenever it is run', () => {
    const [one, other] = [play('big'), play('big')];
    expect(one.packets.length).toBeGreaterThanOrEqual(5000);
    expect(digest(other)).toBe(digest(one));
  });

  it('of another seed has other numbers', () => {
    const other = run({ preset: 'handshake', seed: 2, settings: {}, edits: [] });
    expect(other.packets[0]?.segment.seq).not.toBe(play('handshake').packets[0]?.segment.seq);
    expect(digest(other)).not.toBe(digest(play('handshake')));
  });

  it('survives a structured clone unchanged', () => {
    const one = play('half-close');
    expect(structuredClone(one)).toEqual(one);
  });
});

const A1 = { host: 'A', nth: 1 } as const;

describe('an edit', () => {
  it('leaves the names of earlier packets alone', () => {
    const before = play('half-close').packets.map(({ name, sent }) => ({ name, sent }));
    const after = play('half-close', [{ op: 'lose', packet: { host: 'B', nth: 3 } }]).packets;
    const same = after.slice(0, 7).map(({ name, sent }) => ({ name, sent }));
    expect(same).toEqual(before.slice(0, 7));
  });

  it('loses a packet half of the way', () => {
    const { packets, events } = play('handshake', [{ op: 'lose', packet: A1 }]);
    expect(packets[0]).toMatchObject({ fate: 'lost', edit: 0 });
    expect(events.find(({ type }) => type === 'packet-lost')).toMatchObject({ time: 45, packet: 1 });
  });

  it('corrupts a packet, which is dropped where it arrives', () => {
    const { packets, events } = play('handshake', [{ op: 'corrupt', packet: A1 }]);
    expect(packets[0]).toMatchObject({ fate: 'corrupted', edit: 0 });
    const dropped = events.find(({ type }) => type === 'packet-dropped');
    expect(dropped).toMatchObject({ host: 'B', time: 70, reason: 'tcp-checksum' });
  });

  it('duplicates a packet: the copy goes by its name, and is answered as any old SYN', () => {
    const { packets, events } = play('handshake', [{ op: 'duplicate', packet: A1, by: 30 }]);
    expect(packets[1]).toMatchObject({ copyOf: 1, name: A1, arrives: 100, fate: 'delivered', edit: 0 });
    const arrivals = events.filter((event) => event.type === 'segment-received' && event.host === 'B');
    expect(arrivals.slice(0, 2)).toMatchObject([{ packet: 1 }, { packet: 1 }]);
  });

  it('delays a packet', () => {
    const { packets } = play('handshake', [{ op: 'delay', packet: A1, by: 25 }]);
    expect(packets[0]).toMatchObject({ arrives: 95, fate: 'delivered', edit: 0 });
  });

  it('swaps a packet with the next of its sender', () => {
    const { events, packets } = play('half-close', [{ op: 'swap', packet: { host: 'B', nth: 3 } }]);
    const order = events.flatMap((event) =>
      event.type === 'segment-received' && event.host === 'A' ? [packets[event.packet - 1]?.name.nth] : [],
    );
    expect(order.indexOf(4)).toBeLessThan(order.indexOf(3));
  });

  it('injects a packet that was sent before, under a number of its own', () => {
    const { packets, events } = play('handshake', [{ op: 'inject', packet: A1, at: 5000 }]);
    const copy = packets.find(({ injected }) => injected);
    expect(copy).toMatchObject({ copyOf: 1, name: A1, arrives: 5000, sent: 4950, edit: 0 });
    const arrival = events.find((event) => event.type === 'segment-received' && event.time === 5000);
    expect(arrival).toMatchObject({ host: 'B', packet: copy?.packet });
  });

  it('parts a direction for a while', () => {
    const { packets, idle } = play('handshake', [{ op: 'partition', host: 'A', at: 0, until: 500 }]);
    expect(idle).toEqual([]);
    expect(packets.map(({ from, fate }) => `${from} ${fate}`)).toEqual([
      'A lost',
      'A delivered',
      'B delivered',
      'A delivered',
    ]);
  });

  it('crashes a host, which listens again at once', () => {
    const { views, events } = play('handshake', [{ op: 'crash', host: 'B', at: 1000 }]);
    expect(events.some((event) => event.type === 'note' && event.host === 'B')).toBe(true);
    expect(views.at(-1)?.view.connections.map(({ state }) => state)).toEqual(['LISTEN']);
  });

  it('makes a call', () => {
    const edits: Edit[] = [
      { op: 'call', host: 'A', at: 1000, call: 'send', octets: 5 },
      { op: 'call', host: 'B', at: 2000, call: 'close' },
    ];
    const { packets, views } = play('handshake', edits);
    expect(packets[3]?.segment).toMatchObject({ length: 5 });
    expect(new TextDecoder().decode(packets[3]?.octets.subarray(40))).toBe('aaaaa');
    expect(views.findLast(({ host }) => host === 'A')?.view.connections[0]?.state).toBe('CLOSE-WAIT');
  });

  it('that finds nothing to change is said to be idle', () => {
    const edits: Edit[] = [
      { op: 'lose', packet: { host: 'A', nth: 99 } },
      { op: 'inject', packet: { host: 'B', nth: 50 }, at: 1000 },
    ];
    expect(play('handshake', edits).idle).toEqual([0, 1]);
  });
});

describe('an input that makes no sense', () => {
  const good = { preset: 'handshake', seed: 1, settings: {}, edits: [] };
  it.each([
    [{ ...good, preset: 'nowhere' }, "there is no preset 'nowhere'"],
    [{ ...good, seed: -1 }, 'seed is no integer'],
    [{ ...good, settings: { colour: 1 } }, 'settings.colour is no setting'],
    [{ ...good, settings: { latency: 'long' } }, 'settings.latency is no number'],
    [{ ...good, settings: { loss: 2 } }, 'settings.loss is not between 0 and 1'],
    [{ ...good, settings: { congestion: 'reno' } }, 'settings.congestion is unknown'],
    [{ ...good, edits: [{ op: 'explode' }] }, 'edits[0].op is unknown'],
    [{ ...good, edits: [{ op: 'lose', packet: { host: 'D', nth: 1 } }] }, 'edits[0].packet.host is no host'],
    [{ ...good, edits: [{ op: 'delay', packet: A1, by: Number.NaN }] }, 'edits[0].by is no time'],
    [{ ...good, edits: [{ op: 'call', host: 'A', at: 0, call: 'sing' }] }, 'edits[0].call is no call'],
    [{ ...good, edits: 7 }, 'edits is no list'],
    [null, 'the input is no object'],
  ])('is refused: %j', (input, message) => {
    expect(() => run(input as Input)).toThrow(message);
    try {
      run(input as Input);
    } catch (error) {
      expect((error as { code?: string }).code).toBe('ERR_LAB_INPUT');
    }
  });
});
