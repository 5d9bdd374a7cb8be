import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../src/base/random.ts';
import { type Impairment, impair } from '../../src/link/index.ts';
import { checkPlan, type Fault, FaultBook, type FaultPlan, PlanError, World } from '../../src/sim/index.ts';
import type { TraceEvent } from '../../src/trace/events.ts';
import { stream, talk } from '../helpers/conversation.ts';
import { pattern } from '../helpers/endpoint.ts';

interface Setting {
  readonly seed: number;
  readonly forth: Partial<Impairment>;
  readonly back: Partial<Impairment>;
  readonly record?: boolean;
  readonly plan?: FaultPlan | null;
}

interface Course {
  readonly trace: string;
  readonly events: readonly TraceEvent[];
  readonly book: FaultBook;
  readonly faults: readonly Fault[];
}

/** A conversation over a wire whose faults are kept in a book. */
function course({ seed, forth, back, record = true, plan = null }: Setting): Course {
  const events: TraceEvent[] = [];
  const world = new World({ seed, trace: (event) => events.push(event) });
  const [a, b] = [world.host('a'), world.host('b')];
  const book = new FaultBook({ now: () => world.now, record, plan });
  const options = { random: world.random, send: forth, receive: back, name: 'wire', faults: book };
  const trace = (event: TraceEvent): void => void events.push(event);
  world.join(a, b, {
    name: 'cable',
    wrap: (link, host) => (host === a ? impair(link, world.scheduler, world.pool, { ...options, trace }) : link),
  });
  const [up, down] = [stream(pattern(20_000)), stream(pattern(9000, 7))];
  b.tcp.listen({ port: 80, onConnection: (socket) => talk(socket, down, up) });
  talk(a.tcp.connect({ address: '10.0.0.2', port: 80 }), up, down);
  world.runUntil(() => up.closed && down.closed, 3_600_000);
  return { trace: JSON.stringify(events), events, book, faults: book.records.map(({ fault }) => fault) };
}

const impairment: fc.Arbitrary<Partial<Impairment>> = fc.record({
  loss: fc.constantFrom(0, 0.05, 0.2),
  lossBurst: fc.constantFrom(1, 3),
  duplicate: fc.constantFrom(0, 0.2),
  reorder: fc.constantFrom(0, 0.2),
  reorderJitter: fc.constantFrom(0, 7),
  corrupt: fc.constantFrom(0, 0.1),
  delay: fc.constantFrom(0, 10.1),
  jitter: fc.constantFrom(0, 5),
  rate: fc.constantFrom(Infinity, 2e6),
});
const settings: fc.Arbitrary<Setting> = fc.record({
  seed: fc.integer({ min: 0, max: 1e6 }),
  forth: impairment,
  back: impairment,
});

const LOSSY: Setting = { seed: 3, forth: { delay: 10, loss: 0.3, jitter: 1 }, back: { delay: 10, duplicate: 0.1 } };

describe('the list of faults', () => {
  it('is kept without changing what happens', () => {
    fc.assert(
      fc.property(settings, (setting) => {
        const [kept, not] = [course(setting), course({ ...setting, record: false })];
        expect(kept.trace).toBe(not.trace);
        expect(not.faults).toEqual([]);
      }),
      { seed: 11, numRuns: 60 },
    );
  });

  it('played in the place of chance gives the same trace, whatever the faults', () => {
    let faults = 0;
    fc.assert(
      fc.property(settings, (setting) => {
        const first = course(setting);
        const again = course({ ...setting, plan: { faults: first.faults } });
        expect(again.trace).toBe(first.trace);
        expect(again.faults).toEqual(first.faults);
        faults += first.faults.length;
      }),
      { seed: 12, numRuns: 100 },
    );
    expect(faults).toBeGreaterThan(1000);
  });

  it('says of each packet lost which one of its direction it was, and when', () => {
    const { book, events } = course(LOSSY);
    const lost = events.filter(({ type }) => type === 'packet-lost');
    const records = book.records.filter(({ fault }) => fault.kind === 'loss');
    expect(lost.length).toBeGreaterThan(0);
    expect(records.map(({ time, packet }) => ({ time, packet }))).toEqual(
      lost.map((event) => ({ time: event.time, packet: 'packet' in event ? event.packet : 0 })),
    );
    for (const { fault } of records) {
      expect(fault).toEqual({ kind: 'loss', link: 'wire', direction: 'forth', packet: expect.any(Number) });
    }
  });

  it('holds what happened to a copy apart from what happened to the packet', () => {
    const { faults } = course({ seed: 5, forth: { duplicate: 0.5, jitter: 3 }, back: {} });
    const copies = faults.filter((fault) => 'copy' in fault);
    expect(copies.length).toBeGreaterThan(3);
    for (const copy of copies) {
      expect(faults).toContainEqual({ ...copy, kind: 'duplicate', copy: undefined, by: undefined });
    }
  });
});

describe('a plan', () => {
  it('without faults has none happen, whatever the chances', () => {
    const quiet = course({ ...LOSSY, plan: { faults: [] } });
    expect(quiet.faults).toEqual([]);
    expect(quiet.events.filter(({ type }) => type.startsWith('packet-'))).toEqual([]);
  });

  it('has exactly its faults happen, where chance would have none', () => {
    const plan: FaultPlan = {
      faults: [
        { kind: 'loss', link: 'wire', direction: 'forth', packet: 3 },
        { kind: 'corrupt', link: 'wire', direction: 'back', packet: 2, bit: 300 },
        { kind: 'duplicate', link: 'wire', direction: 'forth', packet: 5 },
        { kind: 'reorder', link: 'wire', direction: 'forth', packet: 7, by: 4 },
      ],
    };
    const { events, faults } = course({ seed: 1, forth: { delay: 5 }, back: { delay: 5 }, plan });
    expect(faults).toHaveLength(4);
    expect(faults).toEqual(expect.arrayContaining([...plan.faults]));
    const kinds = events.map(({ type }) => type).filter((type) => type.startsWith('packet-'));
    expect(kinds.sort()).toEqual([
      'packet-corrupted',
      'packet-dropped', // its checksum is wrong
      'packet-duplicated',
      'packet-lost',
      'packet-reordered',
    ]);
  });

  it('flips the last bit of a packet that has become shorter than the bit', () => {
    const corrupt: Fault = { kind: 'corrupt', link: 'wire', direction: 'forth', packet: 1, bit: 1e6 };
    const { faults } = course({ seed: 1, forth: { delay: 5 }, back: {}, plan: { faults: [corrupt] } });
    expect(faults).toEqual([{ ...corrupt, bit: expect.any(Number) }]);
    expect((faults[0] as { bit: number }).bit).toBeLessThan(1e6);
  });

  it('says nothing of links it does not name', () => {
    const other: FaultPlan = { faults: [{ kind: 'loss', link: 'elsewhere', direction: 'forth', packet: 1 }] };
    expect(course({ ...LOSSY, plan: other }).faults).toEqual([]);
  });

  it('cannot be for two links of one name', () => {
    const book = new FaultBook({ now: () => 0, record: true, plan: null });
    const world = new World({ seed: 1 });
    const join = (): unknown =>
      world.join(world.host('x'), world.host('y'), {
        wrap: (link, host) =>
          host.name === 'x' ? impair(link, world.scheduler, world.pool, { random: world.random, faults: book }) : link,
      });
    join();
    expect(join).toThrow(new PlanError("two links are called 'link': faults cannot tell them apart"));
  });
});

describe("a scenario's own decisions", () => {
  const book = (plan: FaultPlan | null): FaultBook => new FaultBook({ now: () => 5, record: true, plan });
  const asked = (b: FaultBook, names: string, random = new SeededRandom(1)): boolean[] =>
    [...names].map((name) => b.chance(name, 0.5, random));

  it('are faults when chance says yes, and come the same way from the list', () => {
    const dice = book(null);
    const answers = asked(dice, 'xyxxyyxyxy');
    expect(answers).toContain(true);
    expect(answers).toContain(false);
    expect(dice.records.filter(({ fault }) => fault.kind === 'chance')).toHaveLength(answers.filter(Boolean).length);
    const again = book({ faults: dice.records.map(({ fault }) => fault) });
    expect(asked(again, 'xyxxyyxyxy')).toEqual(answers);
    expect(again.records).toEqual(dice.records);
  });

  it('are told apart by name and by how often they were asked', () => {
    const plan: FaultPlan = { faults: [{ kind: 'chance', name: 'x', ask: 2 }] };
    expect(asked(book(plan), 'xyxyx')).toEqual([false, false, true, false, false]);
  });

  it('draw as often with a plan as without, so that what comes after is the same', () => {
    const [one, two] = [new SeededRandom(9), new SeededRandom(9)];
    asked(book(null), 'xxxx', one);
    asked(book({ faults: [] }), 'xxxx', two);
    expect(one.uint32()).toBe(two.uint32());
  });
});

describe('a plan in a file', () => {
  const loss = { kind: 'loss', link: 'wire', direction: 'forth', packet: 1 };

  it('comes back as it was written', () => {
    const { faults } = course({
      seed: 2,
      forth: { loss: 0.2, corrupt: 0.2, duplicate: 0.2, reorder: 0.2, jitter: 2 },
      back: {},
    });
    const plan = { seed: 2, scenario: 'x', faults: [...faults, { kind: 'chance', name: 'crash', ask: 3 }] };
    expect(new Set(plan.faults.map(({ kind }) => kind)).size).toBe(6);
    expect(checkPlan(JSON.parse(JSON.stringify(plan)))).toEqual(plan);
  });

  it.each<[string, unknown]>([
    ['a plan is an object with a list of faults', []],
    ['a plan is an object with a list of faults', null],
    ['faults is undefined; it must be a list', {}],
    ['seed is -1; it must be an integer from 0', { seed: -1, faults: [] }],
    ['scenario is 3; it must be a text', { scenario: 3, faults: [] }],
    ['faults[1] is 7; it must be an object', { faults: [loss, 7] }],
    [
      'faults[0].kind is "lost"; it must be loss or duplicate or corrupt or jitter or reorder or chance',
      { faults: [{ ...loss, kind: 'lost' }] },
    ],
    ["faults[0].link is 1; it must be a link's name", { faults: [{ ...loss, link: 1 }] }],
    ['faults[0].direction is "send"; it must be forth or back', { faults: [{ ...loss, direction: 'send' }] }],
    ['faults[0].packet is 0; it must be an integer from 1', { faults: [{ ...loss, packet: 0 }] }],
    ['faults[0].bit is -1; it must be an integer from 0', { faults: [{ ...loss, kind: 'corrupt', bit: -1 }] }],
    ['faults[0].by is null; it must be a number of ms from 0', { faults: [{ ...loss, kind: 'jitter', by: null }] }],
    ['faults[0].copy is 1; it must be true, or absent', { faults: [{ ...loss, kind: 'reorder', by: 1, copy: 1 }] }],
    ['faults[0].name is undefined; it must be a text', { faults: [{ kind: 'chance', ask: 1 }] }],
    ['faults[0].ask is 1.5; it must be an integer from 1', { faults: [{ kind: 'chance', name: 'x', ask: 1.5 }] }],
  ])('is refused: %s', (message, data) => {
    expect(() => checkPlan(data)).toThrow(new PlanError(message));
  });

  it('is refused with the code ERR_SIM_PLAN', () => {
    expect(() => checkPlan({})).toThrow(expect.objectContaining({ code: 'ERR_SIM_PLAN' }));
  });
});
