import { afterAll, beforeAll, expect, it } from 'vitest';
import { computed, describeLab, type Lab } from './browser.ts';

describeLab('time', (open) => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await open();
  });
  afterAll(() => lab.close());

  /** All that is written on the ladder. */
  async function ladder(): Promise<string[]> {
    await lab.drawn();
    return lab.page.locator('.picture text').allTextContents();
  }

  async function names(): Promise<(string | null)[]> {
    await lab.drawn();
    return lab.page
      .locator('.picture [data-packet]')
      .evaluateAll((arrows) => arrows.map((arrow) => arrow.getAttribute('aria-label')));
  }

  async function position(): Promise<[number, number]> {
    const slider = lab.page.locator('.transport-slider');
    return [Number(await slider.inputValue()), Number(await slider.getAttribute('max'))];
  }

  it.each(['handshake', 'lost-synack', 'timewait-reuse', 'syn-flood', 'zero-window', 'big'])(
    'the run of %s in the page is the run in Node',
    async (preset) => {
      await lab.openAtEnd(preset);
      expect(await lab.run()).toEqual(computed({ preset, seed: 1, settings: {}, edits: [] }));
    },
  );

  it('a rewound run shows again what it showed', async () => {
    await lab.openAtEnd('lost-synack');
    const before = { run: await lab.run(), ladder: await ladder(), names: await names() };
    expect(before.names.length).toBeGreaterThan(3);
    await lab.press('Home');
    expect(await names()).toEqual([]);
    await lab.press('End');
    expect({ run: await lab.run(), ladder: await ladder(), names: await names() }).toEqual(before);
  });

  it('a step forward and one back show what was there', async () => {
    await lab.openAtEnd('handshake');
    await lab.press('Home', '.', '.');
    const before = { at: await position(), ladder: await ladder(), names: await names() };
    await lab.press('.');
    expect(await position()).toEqual([before.at[0] + 1, before.at[1]]);
    await lab.press(',');
    expect({ at: await position(), ladder: await ladder(), names: await names() }).toEqual(before);
  });

  it('what is under way says so, and what has come says that it was delivered', async () => {
    await lab.openAtEnd('handshake');
    await lab.press('Home', '.', '.');
    expect(await names()).toEqual(['A to B, SYN, sequence 0, under way, 20 to 70 ms']);
    await lab.press('.');
    expect((await names())[0]).toBe('A to B, SYN, sequence 0, delivered, 20 to 70 ms');
  });

  it('playing comes to the end by itself and halts there', async () => {
    await lab.openAtEnd('handshake');
    await lab.press('Home');
    await lab.page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    await lab.press(' ');
    expect(await lab.page.locator('.play').textContent()).toBe('Pause');
    await lab.page.waitForFunction(() => document.querySelector('.play')?.textContent === 'Run again');
    const [at, all] = await position();
    expect(at).toBe(all);
  });

  it('a breakpoint halts it, and the next one is one key away', async () => {
    await lab.openAtEnd('lost-synack');
    await lab.press('Home');
    await lab.page.locator('.transport [popovertarget]').click();
    await lab.page.getByLabel('a retransmission').check();
    await lab.press('Escape', 'n');
    const [first] = await position();
    expect((await names()).filter((name) => name?.includes('retransmission'))).toHaveLength(1);
    await lab.press('n');
    expect((await position())[0]).toBeGreaterThan(first);
    await lab.page.locator('.transport [popovertarget]').click();
    await lab.page.getByLabel('a retransmission').uncheck();
    await lab.press('Escape');
  });

  it('an edit of the past leaves the reader where they are, with what was there as ghosts', async () => {
    await lab.openAtEnd('lost-synack');
    const time = await lab.page.locator('.transport-time').textContent();
    await lab.page.locator('.picture [tabindex="0"]').focus();
    await lab.press('x');
    expect((await lab.run()).input.edits).toHaveLength(1);
    await lab.drawn();
    expect(await lab.page.locator('.ghosts').count()).toBe(1);
    const [at, all] = await position();
    expect(at).toBeLessThan(all);
    expect(parseFloat((await lab.page.locator('.transport-time').textContent())!)).toBeLessThanOrEqual(
      parseFloat(time!),
    );
    await lab.press(',');
    await lab.drawn();
    expect(await lab.page.locator('.ghosts').count()).toBe(0);
  });

  it('leaves no error on the console, and asks nothing of the network', () => {
    expect(lab.errors).toEqual([]);
    expect(lab.requests).toEqual([]);
  });
});
