import { describe, expect, it } from 'vitest';
import { Scheduler } from '../../../src/base/scheduler.ts';
import { type V86Bus, v86Link } from '../../../src/web/links/v86.ts';
import { numbered, Recorder, StrictPool, world } from '../../helpers/links.ts';
import { converse, hostMaker, plug } from './hosts.ts';

type Listener = (frame: unknown) => void;

/** One side of a bus as v86 has it: what one side sends, the other's listeners hear at once. */
class Bus implements V86Bus {
  pair: Bus | null = null;
  readonly listeners = new Map<string, Set<Listener>>();

  register(event: string, listener: Listener): void {
    const all = this.listeners.get(event) ?? new Set();
    this.listeners.set(event, all.add(listener));
  }

  unregister(event: string, listener: Listener): void {
    this.listeners.get(event)?.delete(listener);
  }

  send(event: string, frame: unknown): void {
    for (const listener of this.pair!.listeners.get(event) ?? []) listener(frame);
  }
}

function buses(): { user: Bus; card: Bus } {
  const [user, card] = [new Bus(), new Bus()];
  user.pair = card;
  card.pair = user;
  return { user, card };
}

/** The guest's end: its card says `net0-send` and hears `net0-receive`. */
function cardSide(card: Bus): V86Bus {
  const other = (event: string): string => (event === 'net0-send' ? 'net0-receive' : 'net0-send');
  return {
    register: (event, listener) => card.register(other(event), listener),
    unregister: (event, listener) => card.unregister(other(event), listener),
    send: (event, frame) => card.send(other(event), frame),
  };
}

const host = hostMaker();

describe('a link to the card of an emulated machine', () => {
  it('carries TCP of both families, by the emulator or its bus', async () => {
    const { user, card } = buses();
    const [a, b] = [host(), host()];
    plug(a, v86Link({ bus: user }, a.stack), 1);
    plug(b, v86Link(cardSide(card), b.stack), 2);
    expect(await converse(a, b, '10.0.0.2')).toBe(null);
    expect(await converse(b, a, 'fd00::1')).toBe(null);
  });

  it('never calls the stack from within the emulator', () => {
    const w = world();
    const { user, card } = buses();
    const link = v86Link(user, w);
    const got = new Recorder(w, link);
    // A guest that answers at once.
    card.register('net0-receive', () => card.send('net0-send', new Uint8Array(60)));
    link.send(numbered(w.pool, 1, 60));
    expect(got.log).toEqual([]);
    w.scheduler.runUntil(0);
    expect(got.packets.map((frame) => frame.length)).toEqual([60]);
  });

  it('has copied a frame before the guest’s memory changes', () => {
    const w = world();
    const { user, card } = buses();
    const got = new Recorder(w, v86Link(user, w));
    const memory = new Uint8Array(1000).fill(7);
    card.send('net0-send', memory.subarray(100, 160));
    memory.fill(0);
    w.scheduler.runUntil(0);
    expect([...new Set(got.packets[0])]).toEqual([7]);
  });

  it('refuses frames that are none, and drops beyond its limit', () => {
    const w = world();
    const { user, card } = buses();
    const link = v86Link(user, w, { queueLimit: 5 });
    new Recorder(w, link);
    for (const hostile of [null, 'frame', new Uint8Array(3), new Uint8Array(100_000)]) card.send('net0-send', hostile);
    for (let n = 0; n < 8; n++) card.send('net0-send', new Uint8Array(60));
    w.scheduler.runUntil(0);
    expect(link.counters).toMatchObject({ refused: 4, delivered: 5, missed: 3 });
    expect(w.pool.out).toBe(0);
  });

  it('lets go of the emulator when it closes', async () => {
    const here = { pool: new StrictPool(), scheduler: new Scheduler() };
    const { user, card } = buses();
    const link = v86Link(user, here);
    expect(user.listeners.get('net0-send')?.size).toBe(1);
    link.close();
    link.close();
    expect(await link.closed).toBe(null);
    expect(user.listeners.get('net0-send')?.size).toBe(0);
    card.send('net0-send', new Uint8Array(60));
    expect(here.pool.out).toBe(0);
  });

  it('refuses what is neither an emulator nor a bus', () => {
    for (const wrong of [null, undefined, 5, {}, { bus: {} }]) {
      expect(() => v86Link(wrong as unknown as V86Bus, { pool: new StrictPool(), scheduler: new Scheduler() })).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
      );
    }
  });
});
