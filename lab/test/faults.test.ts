import type { CDPSession } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { run } from '../engine/run.ts';
import type { Edit, PacketRecord } from '../engine/types.ts';
import { computed, describeLab, type Lab, type Shown } from './browser.ts';

const PRESET = 'half-close';
const whole = run({ preset: PRESET, seed: 1, settings: {}, edits: [] });
/** Of the server's segments with text the first of two that follow each other. */
const target = whole.packets.find(
  (packet) =>
    packet.from === 'B' &&
    packet.segment.length > 0 &&
    whole.packets.some((next) => next.from === 'B' && next.name.nth === packet.name.nth + 1 && next.segment.length > 0),
)!;
/** As the field beside the buttons has it, ms. */
const WAIT = 50;

function runWith(...edits: readonly Edit[]): Shown {
  return computed({ preset: PRESET, seed: 1, settings: {}, edits });
}

describeLab('a fault', (open) => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await open({ height: 1100 });
  });
  afterAll(() => lab.close());

  const arrow = (packet: PacketRecord) => lab.page.locator(`.picture [data-packet='${packet.packet}']`);

  async function focus(packet: PacketRecord): Promise<void> {
    await lab.openAtEnd(PRESET);
    // Walks up from the last arrow, as a reader without a mouse does.
    await lab.page.locator('.picture [tabindex="0"]').focus();
    for (let at = 0; at < whole.packets.length; at++) {
      const focused = await lab.page.evaluate(() => document.activeElement?.getAttribute('data-packet'));
      if (focused === String(packet.packet)) return;
      await lab.press('ArrowUp');
      await lab.drawn();
    }
    throw new Error(`packet ${packet.packet} cannot be reached by the arrow keys`);
  }

  /** Ends of its line on the screen: where it left, where it came. */
  async function ends(packet: PacketRecord): Promise<{ from: Point; to: Point }> {
    const { x, y, width, height } = (await arrow(packet).locator('.line').boundingBox())!;
    const [left, right] = [x, x + width];
    return packet.from === 'A'
      ? { from: { x: left, y }, to: { x: right, y: y + height } }
      : { from: { x: right, y }, to: { x: left, y: y + height } };
  }

  async function drag(from: Point, to: Point, alt = false): Promise<void> {
    const { mouse, keyboard } = lab.page;
    await mouse.move(from.x, from.y);
    if (alt) await keyboard.down('Alt');
    await mouse.down();
    await mouse.move((from.x + to.x) / 2, (from.y + to.y) / 2, { steps: 4 });
    await mouse.move(to.x, to.y, { steps: 4 });
    await lab.drawn();
    await mouse.up();
    if (alt) await keyboard.up('Alt');
  }

  async function byMenu(action: string): Promise<Shown> {
    await focus(target);
    await lab.press('Enter');
    await lab.page.locator(`[role=menu] [data-action=${action}]`).click();
    return await lab.run();
  }

  async function byKey(...keys: readonly string[]): Promise<Shown> {
    await focus(target);
    await lab.press(...keys);
    return await lab.run();
  }

  async function byButton(action: string): Promise<Shown> {
    await focus(target);
    await lab.page.locator(`.actions [data-action=${action}]`).click();
    return await lab.run();
  }

  /** Drags the target from a share of its way, by so many pixels. */
  async function byDrag(share: number, dx: number, dy: number, alt = false): Promise<Shown> {
    await focus(target);
    const { from, to } = await ends(target);
    const start = between(from, to, share);
    await drag(start, { x: start.x + dx, y: start.y + dy }, alt);
    return await lab.run();
  }

  it('loses a segment that is dragged out of the lanes, into the bin, by the menu, a button and the key alike', async () => {
    const expected = runWith({ op: 'lose', packet: target.name });
    await focus(target);
    const { from, to } = await ends(target);
    const width = Math.abs(to.x - from.x);
    expect(await byDrag(0.5, width, 10)).toEqual(expected);
    await focus(target);
    const start = between((await ends(target)).from, (await ends(target)).to, 0.5);
    await lab.page.mouse.move(start.x, start.y);
    await lab.page.mouse.down();
    await lab.page.mouse.move(start.x, start.y + 20, { steps: 3 });
    const bin = (await lab.page.locator('[data-bin]').boundingBox())!;
    await lab.page.mouse.move(bin.x + bin.width / 2, bin.y + bin.height / 2, { steps: 4 });
    await lab.page.mouse.up();
    expect(await lab.run()).toEqual(expected);
    expect(await byMenu('lose')).toEqual(expected);
    expect(await byButton('lose')).toEqual(expected);
    expect(await byKey('x')).toEqual(expected);
    expect(await byKey('Delete')).toEqual(expected);
  });

  it('delays a segment whose head is dragged down, by the menu, a button and the keys alike', async () => {
    const expected = runWith({ op: 'delay', packet: target.name, by: WAIT });
    expect(await byDragFor('delay', 0.9)).toEqual(expected);
    expect(await byMenu('delay')).toEqual(expected);
    expect(await byButton('delay')).toEqual(expected);
    expect(await byKey(']', ']', ']', ']', ']')).toEqual(expected);
    expect(await byKey('Shift+]', '[', '[', '[', '[', '[')).toEqual(expected);
  });

  it('duplicates a segment that is dragged with Alt held, by the menu, a button and the key alike', async () => {
    const expected = runWith({ op: 'duplicate', packet: target.name, by: WAIT });
    expect(await byDragFor('duplicate', 0.5, true)).toEqual(expected);
    expect(await byMenu('duplicate')).toEqual(expected);
    expect(await byButton('duplicate')).toEqual(expected);
    expect(await byKey('d')).toEqual(expected);
  });

  it('swaps a segment that is dragged across the next, by the menu, a button and the key alike', async () => {
    const expected = runWith({ op: 'swap', packet: target.name });
    const next = whole.packets.find(({ from, packet }) => from === 'B' && packet > target.packet)!;
    await focus(target);
    const [mine, other] = [await ends(target), await ends(next)];
    const start = between(mine.from, mine.to, 0.4);
    const across = between(other.from, other.to, 0.4);
    await drag(start, { x: across.x, y: across.y + 12 });
    expect(await lab.run()).toEqual(expected);
    expect(await byMenu('swap')).toEqual(expected);
    expect(await byButton('swap')).toEqual(expected);
    expect(await byKey('r')).toEqual(expected);
  });

  it('corrupts a segment by the menu, a button and the key alike', async () => {
    const expected = runWith({ op: 'corrupt', packet: target.name });
    expect(await byMenu('corrupt')).toEqual(expected);
    expect(await byButton('corrupt')).toEqual(expected);
    expect(await byKey('c')).toEqual(expected);
  });

  it('injects an old segment that is dragged from the shelf to now, by its click, the menu and the key alike', async () => {
    await lab.openAtEnd(PRESET);
    const now = Number(
      await lab.page.evaluate(() => {
        const { run, cursor } = (globalThis as unknown as { tsynLab: { run: Ref; cursor: Ref } }).tsynLab;
        return (run.value as { steps: { time: number }[] }).steps[(cursor.value as number) - 1]!.time;
      }),
    );
    const expected = runWith({ op: 'inject', packet: target.name, at: now });
    await lab.page.locator('.shelf summary').click();
    const old = lab.page.locator(`[data-old='${target.packet}']`);
    await old.scrollIntoViewIfNeeded();
    const box = (await old.boundingBox())!;
    const line = (await lab.page.locator('.picture .now').boundingBox())!;
    await drag({ x: box.x + 20, y: box.y + 10 }, { x: line.x + line.width / 2, y: line.y });
    expect(await lab.run()).toEqual(expected);
    await lab.openAtEnd(PRESET);
    await lab.page.locator(`[data-old='${target.packet}']`).click();
    expect(await lab.run()).toEqual(expected);
    await lab.page.locator('.shelf summary').click();
    expect(await byMenu('inject')).toEqual(expected);
    expect(await byKey('i')).toEqual(expected);
  });

  it('cuts what is sent while a band is dragged, and by the form from the menu and the key alike', async () => {
    await lab.openAtEnd(PRESET);
    const picture = (await lab.page.locator('.ladder-view').boundingBox())!;
    const lanes = await Promise.all([0, 1].map((at) => lab.page.locator('.lane-line.future').nth(at).boundingBox()));
    // Near B: only what B sends.
    const x = lanes[1]!.x - 24;
    const clear = await clearAt(x, picture);
    await drag({ x, y: clear }, { x, y: clear + 60 });
    const [edit] = await lab.edits();
    if (edit?.op !== 'partition') throw new Error(`not a partition: ${JSON.stringify(edit)}`);
    expect(edit.host).toBe('B');
    const expected = await lab.run();
    expect(expected).toEqual(runWith(edit));
    const fill = async (): Promise<Shown> => {
      await lab.page.locator('dialog [name=at]').fill(String(edit.at));
      await lab.page.locator('dialog [name=until]').fill(String(edit.until));
      await lab.press('Enter');
      return await lab.run();
    };
    await focus(target);
    await lab.press('Enter');
    await lab.page.locator('[role=menu] [data-action=partition]').click();
    expect(await fill()).toEqual(expected);
    await focus(target);
    await lab.press('p');
    expect(await fill()).toEqual(expected);
  });

  it('crashes a host by the menu of an arrow, by the key and at the head of its lane alike', async () => {
    await lab.openAtEnd(PRESET);
    expect(await byMenu('crash')).toEqual(await byKey('k'));
    const expected = await lab.run();
    const { input } = expected;
    expect(input.edits).toMatchObject([{ op: 'crash', host: 'B' }]);
    await lab.openAtEnd(PRESET);
    await lab.page.locator('.lane-button').nth(1).click();
    await lab.page.locator('.lanes [popover]:popover-open [data-action=crash]').click();
    expect(await lab.run()).toEqual(expected);
    await lab.press('End');
    await lab.drawn();
    expect(await lab.page.locator('.picture .note').textContent()).toBe('B crashes');
    expect(await lab.page.locator('.told-steps').textContent()).toContain(
      'B crashes: it has forgotten every connection.',
    );
  });

  it('is taken back and done again by the keys, and taken back alone from the list', async () => {
    const untouched = runWith();
    const lost = await byKey('x');
    await lab.press('u');
    expect(await lab.run()).toEqual(untouched);
    await lab.press('U');
    expect(await lab.run()).toEqual(lost);
    await lab.page.locator('.edits .chip button').click();
    expect(await lab.run()).toEqual(untouched);
  });

  it('is not done when the drag is given up with Escape', async () => {
    await focus(target);
    const { from, to } = await ends(target);
    const start = between(from, to, 0.5);
    await lab.page.mouse.move(start.x, start.y);
    await lab.page.mouse.down();
    await lab.page.mouse.move(start.x, start.y + 80, { steps: 4 });
    await lab.press('Escape');
    await lab.page.mouse.up();
    expect(await lab.edits()).toEqual([]);
  });

  it('leaves no error on the console', () => {
    expect(lab.errors).toEqual([]);
  });

  /** Drags down until what the preview says is WAIT ms. */
  async function byDragFor(kind: string, share: number, alt = false): Promise<Shown> {
    await focus(target);
    const { from, to } = await ends(target);
    const start = between(from, to, share);
    const { mouse, keyboard } = lab.page;
    await mouse.move(start.x, start.y);
    if (alt) await keyboard.down('Alt');
    await mouse.down();
    let text: string | null = null;
    for (let dy = 8; dy < 400; dy += 3) {
      await mouse.move(start.x, start.y + dy);
      await lab.drawn();
      text = await lab.page.locator('.preview text').textContent();
      if (text?.includes(` ${WAIT} ms`)) break;
    }
    expect(text).toContain(kind);
    await mouse.up();
    if (alt) await keyboard.up('Alt');
    return await lab.run();
  }

  /** A height at which nothing but the gap is under the pointer. */
  async function clearAt(x: number, box: { y: number; height: number }): Promise<number> {
    return lab.page.evaluate(
      ([at, top, bottom]) => {
        for (let y = top!; y < bottom!; y += 2) {
          const free = (dy: number): boolean =>
            document.elementFromPoint(at!, y + dy)?.closest('[data-packet]') === null;
          if (free(0) && free(2)) return y + 1;
        }
        throw new Error('no gap is free');
      },
      [x, box.y + 20, box.y + box.height - 90],
    );
  }
});

describeLab('a finger', (open) => {
  let lab: Lab;
  let finger: CDPSession;
  beforeAll(async () => {
    lab = await open({ width: 390, height: 844, touch: true });
    finger = await lab.page.context().newCDPSession(lab.page);
  });
  afterAll(() => lab.close());

  const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', ...touchPoints: Point[]) =>
    finger.send('Input.dispatchTouchEvent', { type, touchPoints });

  async function middleOf(packet: PacketRecord): Promise<Point> {
    await lab.openAtEnd(PRESET);
    const line = lab.page.locator(`.picture [data-packet='${packet.packet}'] .line`);
    await line.scrollIntoViewIfNeeded();
    const { x, y, width, height } = (await line.boundingBox())!;
    return { x: x + width / 2, y: y + height / 2 };
  }

  it('chooses a segment by a tap', async () => {
    const { x, y } = await middleOf(target);
    await lab.page.touchscreen.tap(x, y);
    await lab.page.locator('.actions [data-action=lose]').tap();
    expect(await lab.run()).toEqual(runWith({ op: 'lose', packet: target.name }));
  });

  it('opens the menu by a long press; it stays when the finger is lifted', async () => {
    await touch('touchStart', await middleOf(target));
    const lose = lab.page.locator('[role=menu] [data-action=lose]');
    await lose.waitFor();
    await touch('touchEnd');
    await lab.drawn();
    await lose.tap();
    expect(await lab.run()).toEqual(runWith({ op: 'lose', packet: target.name }));
    await lab.drawn();
    expect(await lab.page.locator('[role=menu]').count()).toBe(0);
  });

  it('scrolls, and changes nothing', async () => {
    const { x, y } = await middleOf(target);
    const top = () => lab.page.locator('.ladder-view').evaluate(({ scrollTop }) => scrollTop);
    const before = await top();
    await touch('touchStart', { x, y });
    for (let dy = 10; dy <= 150; dy += 10) {
      await touch('touchMove', { x, y: y + dy });
      await lab.drawn();
    }
    await touch('touchEnd');
    await lab.drawn();
    expect(await top()).toBeLessThan(before);
    expect(await lab.run()).toEqual(runWith());
    expect(await lab.page.locator('[role=menu]').count()).toBe(0);
  });

  it('leaves no error on the console', () => {
    expect(lab.errors).toEqual([]);
  });
});

interface Point {
  readonly x: number;
  readonly y: number;
}

interface Ref {
  readonly value: unknown;
}

function between(from: Point, to: Point, share: number): Point {
  return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share };
}
