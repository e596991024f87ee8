import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderHtml } from '../../src/index.js';
import { Chromium, program, title } from './chromium.js';
import { hostileReport, MARKUP } from './hostile-report.js';
import { aSample } from './sample-report.js';

describe.skipIf(!program)(title, () => {
  let chromium: Chromium;
  beforeAll(async () => {
    chromium = await Chromium.start();
  });
  afterAll(() => chromium?.stop());

  const shown = () =>
    chromium.evaluate<string[]>(
      `[...document.querySelectorAll('tr.row')].filter((row) => row.checkVisibility()).map((row) => row.querySelector('a').textContent)`,
    );
  const set = (selector: string, property: string, value: unknown) =>
    chromium.evaluate(
      `(() => { const field = document.querySelector(${JSON.stringify(selector)}); field.${property} = ${JSON.stringify(value)}; field.dispatchEvent(new Event('input', { bubbles: true })); })()`,
    );

  it('asks for nothing but itself, and has nothing to complain of', async () => {
    await chromium.open(renderHtml(aSample()));
    await chromium.evaluate('new Promise((resolve) => setTimeout(resolve, 200))');
    expect(chromium.requested).toEqual([expect.stringMatching(/^file:.*report\.html$/)]);
    expect(chromium.complaints).toEqual([]);
    // The policy is what refuses: a page that asks is stopped by it.
    await chromium.evaluate(`fetch('http://127.0.0.1:9/').catch(() => {})`);
    expect(chromium.complaints.join()).toContain('Content Security Policy');
  });

  it('filters by verdict, kind, attack and text', async () => {
    await chromium.open(renderHtml(aSample()));
    expect(await shown()).toHaveLength(5);
    await set('[value=leaks]', 'checked', true);
    expect(await shown()).toEqual(['GET /jobs/:id']);
    const found = `[...document.querySelectorAll('details.entrance')].filter((one) => one.checkVisibility()).length`;
    expect(await chromium.evaluate(found)).toBe(1);
    await set('[value=unproven]', 'checked', true);
    expect(await shown()).toHaveLength(2);
    await chromium.evaluate(`document.querySelector('[type=reset]').click()`);
    await chromium.evaluate('new Promise((resolve) => setTimeout(resolve, 50))');
    expect(await shown()).toHaveLength(5);
    await set('[name=kind]', 'value', 'queue');
    expect(await shown()).toEqual(['queue MailProcessor.process']);
    await set('[name=kind]', 'value', '');
    await set('[name=attack]', 'value', 'foreign-id');
    expect(await shown()).toEqual(['GET /jobs/:id']);
    await set('[name=attack]', 'value', 'tenant-header');
    expect(await shown()).toEqual([]);
    expect(await chromium.evaluate(`document.getElementById('nothing').checkVisibility()`)).toBe(true);
    await set('[name=attack]', 'value', '');
    await set('[name=search]', 'value', 'METRICS counts');
    expect(await shown()).toEqual(['GET /metrics']);
    expect(await chromium.evaluate(`document.getElementById('shown').textContent`)).toBe('1 of 5 entrances');
  });

  it('leaves injected markup text', async () => {
    await chromium.open(renderHtml(hostileReport()));
    expect(await chromium.evaluate('window.pwned ?? null')).toBeNull();
    expect(await chromium.evaluate(`document.scripts.length + ',' + document.styleSheets.length`)).toBe('1,1');
    expect(
      await chromium.evaluate(`document.querySelectorAll('img, svg, iframe, object, [onerror], [onfocus]').length`),
    ).toBe(0);
    const text = await chromium.evaluate<string>('document.body.textContent');
    for (const markup of MARKUP) expect(text).toContain(markup);
    expect(await shown()).toHaveLength(4);
    expect(chromium.complaints).toEqual([]);
  });

  it('opens what a cell leads to, also while a filter hides it', async () => {
    await chromium.open(renderHtml(aSample()));
    await set('[value=exempt]', 'checked', true);
    await chromium.evaluate(`document.querySelector('td.proven a').click()`);
    await chromium.evaluate('new Promise((resolve) => setTimeout(resolve, 100))');
    expect(await chromium.evaluate(`document.querySelector(location.hash).checkVisibility()`)).toBe(true);
  });

  it('copies the command, whole', async () => {
    await chromium.open(renderHtml(aSample()));
    await chromium.evaluate(`navigator.clipboard.writeText = async (text) => { window.copied = text; }`);
    await chromium.evaluate(`document.querySelector('article.attack .copy').click()`);
    await chromium.evaluate('new Promise((resolve) => setTimeout(resolve, 50))');
    expect(await chromium.evaluate('window.copied')).toBe(
      `curl -i "$URL"/jobs/7 \\\n  -H 'Host: acme.localhost' \\\n  -H "Authorization: Bearer $TOKEN"`,
    );
  });

  it.each(['light', 'dark'])('has a contrast of 4.5 to 1 in %s', async (scheme) => {
    await chromium.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] });
    await chromium.open(renderHtml(aSample()));
    await chromium.evaluate(`document.querySelectorAll('details').forEach((one) => (one.open = true))`);
    const pairs = await chromium.evaluate<{ text: string; ink: string; ground: string }[]>(`(() => {
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      const seen = [];
      for (let node; (node = walker.nextNode()); ) {
        const element = node.parentElement;
        if (node.textContent.trim() === '' || !element.checkVisibility()) continue;
        let behind = element;
        while (behind && getComputedStyle(behind).backgroundColor === 'rgba(0, 0, 0, 0)') behind = behind.parentElement;
        const ground = behind ? getComputedStyle(behind).backgroundColor : 'none';
        seen.push({ text: node.textContent.trim().slice(0, 30), ink: getComputedStyle(element).color, ground });
      }
      return seen;
    })()`);
    expect(pairs.length).toBeGreaterThan(100);
    expect(luminance(pairs[0]?.ground ?? '') > 0.5).toBe(scheme === 'light');
    for (const { text, ink, ground } of pairs)
      expect(contrast(ink, ground), `${text}: ${ink} on ${ground}`).toBeGreaterThan(4.5);
  });

  it.each([390, 1_024])('fits %i pixels without scrolling sideways', async (width) => {
    await chromium.send('Emulation.setDeviceMetricsOverride', {
      width,
      height: 800,
      deviceScaleFactor: 1,
      mobile: false,
    });
    for (const report of [aSample(), hostileReport()]) {
      await chromium.open(renderHtml(report));
      await chromium.evaluate(`document.querySelectorAll('details').forEach((one) => (one.open = true))`);
      expect(await chromium.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    }
    await chromium.send('Emulation.clearDeviceMetricsOverride');
  });

  it('prints everything', async () => {
    await chromium.open(renderHtml(aSample()));
    await chromium.evaluate(`dispatchEvent(new Event('beforeprint'))`);
    expect(await chromium.evaluate(`document.querySelectorAll('details:not([open])').length`)).toBe(0);
    await chromium.evaluate(`dispatchEvent(new Event('afterprint'))`);
    expect(await chromium.evaluate(`document.querySelectorAll('details[open]').length`)).toBe(1);
  });
});

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = (colour.match(/[\d.]+/g) ?? []).slice(0, 3).map((part) => {
    const share = Number(part) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}
