import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Canary } from './canary.js';
import { CanaryIndex } from './canary-index.js';
import { findCanaries } from './find-canaries.js';
import { findInAnswer } from './find-in-answer.js';

const canary = (value: string, what = 'job.title'): Canary => ({ tenantId: 't_globex', what, value });
const title = canary('Reactor "A&B" technician');
const paths = (value: unknown, ...canaries: Canary[]) => findCanaries(value, canaries).map(({ path }) => path);

describe('findCanaries', () => {
  it('tells the path, whatever it leads through', () => {
    class Page {
      constructor(readonly items: unknown[]) {}
    }
    const text = `a ${title.value} is wanted`;
    expect(paths(new Page([{}, { title: text }]), title)).toEqual(['$.items[1].title']);
    expect(paths(new Map([['job', text]]), title)).toEqual(['$.get("job")']);
    expect(paths(new Map([[text, 1]]), title)).toEqual([`key $.get(${JSON.stringify(text)})`]);
    expect(paths(new Set([1, text]), title)).toEqual(['$[1]']);
    expect(paths({ 'a-b': { [text]: 1 } }, title)).toEqual([`key $["a-b"][${JSON.stringify(text)}]`]);
    expect(paths(Buffer.from(text), title)).toEqual(['$']);
    expect(paths({ at: new URL(`http://x/?q=${encodeURIComponent(text)}`) }, title)).toEqual(['$.at']);
    expect(paths({ id: { toJSON: () => text } }, title)).toEqual(['$.id']);
    expect(paths(new Error('no', { cause: new Error(text) }), title)).toContain('$.cause.message');
  });

  it('quotes the text around it', () => {
    const [sighting] = findCanaries(`${'x'.repeat(90)} ${title.value} ${'y'.repeat(90)}`, [title]);
    expect(sighting).toEqual({
      canary: title,
      path: '$',
      excerpt: `…${'x'.repeat(39)} ${title.value} ${'y'.repeat(39)}…`,
    });
  });

  it.each<[string, (value: string) => unknown]>([
    ['in capitals', (value) => value.toUpperCase()],
    ['in JSON in a text', (value) => JSON.stringify({ value })],
    ['in a URL', (value) => `/search?q=${encodeURIComponent(value)}&page=1`],
    ['in a form', (value) => new URLSearchParams({ value }).toString()],
    ['in HTML', (value) => `<b>${value.replaceAll('&', '&amp;').replaceAll('"', '&quot;')}</b>`],
    ['in CSV', (value) => `1;"${value.replaceAll('"', '""')}";2`],
    ['in base64', (value) => Buffer.from(value).toString('base64')],
    ['in base64url', (value) => Buffer.from(value).toString('base64url')],
    ['in hexadecimal', (value) => Buffer.from(value).toString('hex')],
    ['in a cursor', (value) => Buffer.from(JSON.stringify({ after: [value.replaceAll('"', '')] })).toString('base64')],
  ])('finds it %s', (form, write) => {
    const value = form === 'in a cursor' ? canary('Reactor A&B technician') : title;
    expect(paths({ a: write(value.value) }, value)).toEqual(['$.a']);
  });

  it('finds what is not ASCII, as Python and PHP write JSON too', () => {
    const name = canary('Zoë Sjöström', 'candidate.name');
    expect(paths('{"name":"Zo\\u00eb Sj\\u00f6str\\u00f6m"}', name)).toEqual(['$']);
    expect(paths('name=Zo%C3%AB+Sj%C3%B6str%C3%B6m', name)).toEqual(['$']);
  });

  it('finds numbers as numbers and as texts, and UUIDs without their dashes', () => {
    const id = canary('90817');
    expect(paths([90817, '90817', 'job_90817', 90817n, '/jobs/90817?x'], id)).toHaveLength(5);
    expect(paths('0F8FAD5BD9CB469FA16570867728950E', canary('0f8fad5b-d9cb-469f-a165-70867728950e'))).toEqual(['$']);
  });

  it('raises no false alarm over what only looks alike', () => {
    const id = canary('90817');
    expect(paths([190817, 908170, 90817.5, '0.90817', 'a90817b'], id)).toEqual([]);
    expect(paths(['pharmacmed', 'acmes', 'macme'], canary('acme'))).toEqual([]);
    expect(paths(['http://acme.localhost', 't_acme', '"ACME"'], canary('acme'))).toHaveLength(3);
    expect(paths({ other: 'Reactor technician' }, title)).toEqual([]);
  });

  it('ends with cycles, getters that throw, and a body deeper than the stack', () => {
    const cyclic: Record<string, unknown> = { title: title.value };
    cyclic['self'] = cyclic;
    const broken = () => {
      throw new Error('no');
    };
    Object.defineProperty(cyclic, 'broken', { enumerable: true, get: broken });
    expect(paths(cyclic, title)).toEqual(['$.title']);
    let deep: unknown = title.value;
    for (let depth = 0; depth < 50_000; depth += 1) deep = [deep];
    expect(findCanaries(deep, [title])).toHaveLength(1);
  });

  it('finds any canary in any JSON, and none that is not there', () => {
    const telling = fc.uuid().map((value) => canary(value));
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.array(fc.string(), { maxLength: 4 }),
        telling,
        telling,
        (json, where, own, other) => {
          const body = where.reduceRight<unknown>((inner, key) => ({ json, [key]: inner }), `x${own.value}y`);
          const found = findCanaries(JSON.parse(JSON.stringify(body)), [own, other]);
          expect(found.map((sighting) => sighting.canary)).toEqual([own]);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('compares little of a long text, however many canaries begin alike', () => {
    const canaries = Array.from({ length: 5_000 }, (_, n) =>
      canary(`canary-job-title-${n.toString(36).padStart(6, '0')}`),
    );
    const index = new CanaryIndex(canaries);
    const line = "Nothing to see here, canary-job-title-zzzzzz is nobody's, move along please. ";
    const text = line.repeat(20_000);
    expect(index.find(text)).toEqual([]);
    // Two for each line: the needles that begin with `cana` have a handful of lengths, not thousands.
    expect(index.comparisons).toBeLessThan(20_000 * 12);
    expect(index.find(`${text}${canaries[4_321]?.value}`)).toHaveLength(1);
  });
});

describe('findInAnswer', () => {
  it('looks at body, headers and what parsing hides', () => {
    const answer = (text: string, headers = {}) => ({ headers, text, body: JSON.parse(text) as unknown });
    const find = (text: string, headers = {}) =>
      findInAnswer(answer(text, headers), [canary('90817')]).map(({ path }) => path);
    expect(find('{"id":90817}')).toEqual(['$.id']);
    expect(find('{}', { location: '/jobs/90817', 'set-cookie': ['a=1', 'b=90817'] })).toEqual([
      'header location',
      'header set-cookie',
    ]);
    expect(find('{"id":90817,"id":1}')).toEqual(['text']);
  });
});
