import { describe, expect, it } from 'vitest';
import { renderHtml } from '../../src/index.js';
import { ATTACK_NAMES } from '../../src/report/verdict-signs.js';
import { hostileReport, MARKUP } from './hostile-report.js';
import {
  anAttack,
  anEntrance,
  aReport,
  aRequest,
  aSample,
  aSighting,
  evidence,
  exempt,
  leaking,
  proven,
  TOKEN,
  title,
  unproven,
} from './sample-report.js';

/** The page without its style and script, which are the same in each. */
const bodyOf = (page: string) => page.replace(/<style>.*?<\/style>/s, '').replace(/<script>.*?<\/script>/s, '');

describe('the page', () => {
  it('says the verdict in one line', () => {
    const entrances = ['GET /a', 'GET /b', 'GET /c'].map((id) => anEntrance(id));
    const [a, b, c] = entrances as [(typeof entrances)[0], (typeof entrances)[0], (typeof entrances)[0]];
    const leak = anAttack('foreign-id', 'leaks', 'Seen.', evidence());
    const verdict = (page: string) => /<strong>(.*?)<\/strong>/.exec(page)?.[1];
    expect(verdict(renderHtml(aReport([leaking(a, leak), proven(b)])))).toBe('1 of 2 entrances leaks');
    expect(verdict(renderHtml(aReport([leaking(a, leak), leaking(b, leak), unproven(c, '')])))).toBe(
      '2 of 3 entrances leak, 1 unproven',
    );
    expect(verdict(renderHtml(aReport([proven(a), exempt(b, 'public')])))).toBe(
      'Isolated: 1 entrance proven, 1 exempt',
    );
    expect(verdict(renderHtml(aReport([], { verdict: 'unproven' })))).toBe('Nothing is proven');
  });

  it('has a row for each entrance, by kind and path, and a cell for each attack', () => {
    const page = renderHtml(aSample());
    const rows = page.match(/<tr role="row" class="row".*?<\/tr>/gs) ?? [];
    expect(rows.map((row) => /<a href="#e\d">(.*?)<\/a>/.exec(row)?.[1])).toEqual(
      ['GET /jobs', 'POST /jobs', 'GET /jobs/:id', 'GET /metrics', 'queue MailProcessor.process'].sort(
        (one, other) => order(rows, one) - order(rows, other),
      ),
    );
    const find = rows[order(rows, 'GET /jobs/:id')] ?? '';
    expect(find.match(/<td /g)).toHaveLength(ATTACK_NAMES.length);
    // Colour, sign and word.
    expect(find).toMatch(/class="cell leaks">.*?<span aria-hidden="true">✗<\/span> <span class="word">leaks<\/span>/s);
    expect(find).toContain('<span class="visually-hidden">not applicable</span>');
    expect(rows[order(rows, 'GET /metrics')]).toContain('Counts requests, and holds no tenant&#39;s data.');
  });

  it('leads from a cell to what was seen', () => {
    const page = renderHtml(aSample());
    const links = [...page.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
    expect(links.length).toBeGreaterThan(10);
    for (const id of links) expect(page.match(new RegExp(`\\bid="${id}"`, 'g')), id).toHaveLength(1);
  });

  it('marks the canary in the response, in whatever encoding it came', () => {
    const answer = (text: string) => {
      const response = { status: 200, headers: {}, text };
      const entrance = leaking(
        anEntrance('GET /a'),
        anAttack('foreign-id', 'leaks', 'Seen.', evidence({ response, sightings: [aSighting({ excerpt: '' })] })),
      );
      return (renderHtml(aReport([entrance])).match(/<mark[^>]*>.*?<\/mark>/g) ?? []).map((mark) =>
        mark.replaceAll(/<[^>]*>/g, ''),
      );
    };
    expect(answer(`{"title":"${title.value}"}`)).toEqual([title.value]);
    expect(answer(`${title.value} and ${title.value.toUpperCase()}`)).toEqual([title.value, title.value.toUpperCase()]);
    expect(answer(`?q=${encodeURIComponent(title.value)}`)).toEqual([encodeURIComponent(title.value)]);
    expect(answer("nothing of globex's")).toEqual([]);
  });

  it('cuts a long response around its marks, and says how much', () => {
    const text = `${'a'.repeat(30_000)}${title.value}${'b'.repeat(20_000)}`;
    const response = { status: 200, headers: {}, text };
    const page = renderHtml(
      aReport([leaking(anEntrance('GET /a'), anAttack('foreign-id', 'leaks', 'Seen.', evidence({ response })))]),
    );
    const body = page.slice(page.indexOf('<h5>Response'), page.indexOf('<h5>Send'));
    expect(body.length).toBeLessThan(2_500);
    expect(body).toContain(`>${title.value}</mark>`);
    const cuts = [...body.matchAll(/… ([\d,]+) characters left out …/g)].map(([, cut]) =>
      Number(cut?.replace(',', '')),
    );
    const shown = (body.match(/a{10,}|b{10,}/g) ?? []).join('').length;
    expect(cuts).toHaveLength(2);
    expect(cuts.reduce((sum, cut) => sum + cut, shown)).toBe(50_000);
  });

  it('shows rows as they were and as they are', () => {
    const changes = [{ table: 'offers', before: { id: 'o1', salary: 72_000 }, after: { id: 'o1', salary: 1 } }];
    const page = renderHtml(
      aReport([leaking(anEntrance('PATCH /a'), anAttack('foreign-id', 'leaks', 'Changed.', evidence({ changes })))]),
    );
    expect(page).toContain('<del>72000</del>');
    expect(page).toContain('<ins>1</ins>');
    expect(page).not.toContain('<del>o1</del>');
  });

  it('says what to write for what is unproven, ready to be pasted', () => {
    expect(renderHtml(aSample())).toContain('&#39;POST /jobs&#39;: (rows, { canary }) =&gt; ({ body: {');
  });

  it('shows no token and no cookie, wherever they turn up', () => {
    const cookie = 's%3Aqwertyuiopasdfghjklzxcvbnm';
    const request = aRequest({
      headers: {
        host: 'acme.localhost',
        authorization: `Bearer ${TOKEN}`,
        cookie: `sid=${cookie}`,
        'x-api-key': `k_${TOKEN}`,
      },
    });
    const found = evidence({
      request,
      response: {
        status: 200,
        headers: { 'set-cookie': 'fresh=abcdefghijklmnopqrstuvwxyz; Path=/', 'x-echo': TOKEN },
        text: JSON.stringify({ you: TOKEN, sid: cookie }),
      },
      log: [`authorization: Bearer ${TOKEN} and ${cookie}`],
      sightings: [aSighting({ excerpt: `${TOKEN} ${title.value}` })],
      curl: `curl -H 'Authorization: Bearer ${TOKEN}'`,
    });
    const page = renderHtml(aReport([leaking(anEntrance('GET /a'), anAttack('foreign-id', 'leaks', 'Seen.', found))]));
    expect(page).not.toContain(TOKEN);
    expect(page).not.toContain(cookie);
    expect(page).not.toContain('abcdefghijklmnopqrstuvwxyz');
    expect(page).toContain('Bearer eyJhbGci…');
    expect(page).toContain('&quot;Authorization: Bearer $TOKEN&quot;');
    expect(page).toContain('&quot;Cookie: $COOKIE&quot;');
  });

  it('lets no answer become markup', () => {
    const hostile = bodyOf(renderHtml(hostileReport()));
    const tags = new Set([...hostile.matchAll(/<([a-z][a-z0-9]*)/gi)].map(([, tag]) => tag?.toLowerCase()));
    for (const tag of ['script', 'img', 'svg', 'style', 'b-']) expect(tags).not.toContain(tag);
    for (const markup of MARKUP.filter((one) => /[<"']/.test(one))) expect(hostile).not.toContain(markup);
    // Attributes stay inside of their quotes.
    expect(hostile.replaceAll(/"[^"]*"/g, '""').match(/<[^>]*\son[a-z]+=/gi)).toBeNull();
    // biome-ignore lint/suspicious/noControlCharactersInRegex: nothing of them may be left.
    expect(hostile).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u202a-\u202e\u2028\ufeff]/);
    expect(hostile.isWellFormed()).toBe(true);
    for (const name of ['202E', '200B', '0000', '001B', 'D800', 'FEFF', '2028'])
      expect(hostile).toContain(`‹U+${name}›`);
  });

  it('is readable without its script: what only the script can do is hidden', () => {
    const page = bodyOf(renderHtml(aSample()));
    expect(page).toMatch(/<form id="filters"[^>]* hidden>/);
    for (const [button] of page.matchAll(/<button type="button"[^>]*>/g)) expect(button).toContain(' hidden');
    expect(page).not.toMatch(/ style=/);
  });

  it('stays small when everything in it is long', () => {
    const long = 'long '.repeat(200_000);
    const found = evidence({
      response: { status: 200, headers: { 'x-long': long }, text: long },
      log: Array.from({ length: 500 }, () => long),
      sightings: Array.from({ length: 500 }, () => aSighting({ excerpt: long })),
      changes: Array.from({ length: 500 }, () => ({ table: 'a', before: { long }, after: null })),
    });
    const page = renderHtml(
      aReport([leaking(anEntrance(`GET /${long}`), anAttack('own', 'leaks', long, found))], {
        application: 'AppModule',
      }),
    );
    expect(page.length).toBeLessThan(300_000);
  });
});

function order(rows: readonly string[], id: string): number {
  return rows.findIndex((row) => row.includes(`>${id}</a>`));
}
