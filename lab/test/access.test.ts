import { expect, it } from 'vitest';
import { axe } from './axe.ts';
import { describeLab, type Look } from './browser.ts';

const LOOKS: readonly Look[] = (['en', 'zh'] as const).flatMap((lang) =>
  (['light', 'dark'] as const).map((theme) => ({ lang, theme })),
);

describeLab('the page', (open) => {
  it.each(LOOKS)('has nothing that axe finds fault with in $lang, $theme', async (look) => {
    const lab = await open(look);
    expect(await axe(lab.page)).toEqual([]);
    await lab.openAtEnd('lost-synack');
    await lab.page.locator('.picture [tabindex="0"]').focus();
    await lab.press('x', 'End');
    await lab.drawn();
    expect(await axe(lab.page)).toEqual([]);
    await lab.press('?');
    await lab.drawn();
    expect(await axe(lab.page)).toEqual([]);
    expect(lab.errors).toEqual([]);
    await lab.close();
  });

  it('is walked through by the keyboard alone', async () => {
    const lab = await open();
    const focused = (): Promise<string> =>
      lab.page.evaluate(() => document.activeElement?.closest('[data-packet]')?.getAttribute('aria-label') ?? '');
    // From the skip link to the ladder.
    await lab.press('Tab');
    expect(await lab.page.evaluate(() => document.activeElement?.className)).toBe('skip');
    await lab.press('Enter', 'End');
    await lab.drawn();
    for (let i = 0; i < 12 && (await focused()) === ''; i++) await lab.press('Tab');
    expect(await focused()).toContain('B, ACK');
    await lab.press('ArrowUp');
    await lab.drawn();
    expect(await focused()).toContain('B to A, SYN,ACK');
    await lab.press('ArrowLeft');
    await lab.drawn();
    expect(await focused()).toContain('A to B, SYN, ');
    await lab.press('ArrowRight');
    await lab.drawn();
    // Its menu, down to the second thing and up again, and lost.
    await lab.press('Enter', 'ArrowDown', 'ArrowUp', 'Enter');
    expect(await lab.edits()).toEqual([{ op: 'lose', packet: { host: 'B', nth: 1 } }]);
    await lab.press('u');
    expect(await lab.edits()).toEqual([]);
    // Help opens and closes, and the focus is where it was.
    const before = await lab.page.evaluate(() => document.activeElement?.outerHTML.slice(0, 40));
    await lab.press('?');
    expect(await lab.page.locator('dialog[open] h2').textContent()).toBe('Keys');
    await lab.press('Escape');
    await lab.drawn();
    expect(await lab.page.locator('dialog').count()).toBe(0);
    expect(await lab.page.evaluate(() => document.activeElement?.outerHTML.slice(0, 40))).toBe(before);
    await lab.press('3');
    expect((await lab.run()).input.preset).toBe('lost-synack');
    expect(lab.errors).toEqual([]);
    await lab.close();
  });

  it('opens a dialog at once after another one', async () => {
    const lab = await open();
    await lab.press('e');
    await lab.page.waitForSelector('dialog[open]');
    await lab.page.evaluate(async () => {
      document.querySelector<HTMLElement>('.dialog-head button')!.click();
      while (document.querySelector('dialog') !== null) await null;
      document.body.dispatchEvent(new KeyboardEvent('keydown', { key: '?', bubbles: true, cancelable: true }));
    });
    await lab.drawn();
    expect(await lab.page.locator('dialog[open] h2').allTextContents()).toEqual(['Keys']);
    await lab.close();
  });

  it.each([360, 390, 768, 900, 1024, 1280, 1600])('does not scroll sideways %i pixels wide', async (width) => {
    const lab = await open({ width, height: 800 });
    await lab.openAtEnd('half-close');
    await lab.drawn();
    const wider = await lab.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(wider).toBeLessThanOrEqual(0);
    await lab.close();
  });

  it('says a step aloud, politely', async () => {
    const lab = await open();
    await lab.press('.', '.');
    await lab.drawn();
    const status = lab.page.locator('[role=status][aria-live=polite]').first();
    expect(await status.textContent()).toContain('SYN');
    await lab.close();
  });
});
