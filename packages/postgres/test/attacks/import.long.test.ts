import type pg from 'pg';
import { describe, expect, it } from 'vitest';
import type { TenantPlace } from '../../src/index.js';
import { ArchiveRefusals } from '../tenants/archive-refusals.js';
import { attackTexts } from './attack-texts.js';
import { drawn } from './spellings.js';

const ROWS: TenantPlace = { server: 'main', kind: 'rows', name: null };
const texts = () => attackTexts({ tenant: 'globex', own: 'acme', role: 'app' }).map(({ text }) => text);

type Place = readonly [where: string, put: (text: string) => void];

/** Every place of a manifest, or whatever is below it, in which a text stands. */
function placesOf(value: object, where = ''): readonly Place[] {
  return Object.entries(value).flatMap(([name, below]: [string, unknown]): readonly Place[] => {
    if (typeof below === 'object' && below !== null) return placesOf(below, `${where}.${name}`);
    if (typeof below !== 'string') return [];
    return [[`${where}.${name}`, (text) => Object.assign(value, { [name]: text })]];
  });
}

describe('attacking texts in an archive', () => {
  const refusals = ArchiveRefusals.forAllTests();
  const victims = () => Promise.all(['acme', 'globex'].map((id) => refusals.fixture.rows(ROWS, id)));
  const admin = () => refusals.fixture.moves.admin['main'] as pg.Client;

  it('in any place of its manifest are refused by us, or are a text there', async () => {
    const before = await victims();
    const count = placesOf(await refusals.fixture.manifestOf(refusals.file)).length;
    expect(count).toBeGreaterThan(80);
    const attacks = drawn(texts(), count, 3);
    const codes = new Map<string, number>();
    for (const [index, text] of attacks.entries()) {
      let where = '';
      const changed = await refusals.fixture.changed(refusals.file, ({ manifest }) => {
        const [name, put] = placesOf(manifest)[index] as Place;
        where = name;
        put(text);
      });
      const id = `other${index}`;
      const code = await refusals.fixture.import(changed, id, index % 2 === 0 ? 'rows' : 'schema').then(
        () => 'imported',
        (error) => String(error.code),
      );
      codes.set(code, (codes.get(code) ?? 0) + 1);
      expect([where, text, code]).toEqual([
        where,
        text,
        expect.stringMatching(/^(imported|archive_refused|place_unusable)$/),
      ]);
    }
    expect(await victims()).toEqual(before);
    expect(codes.get('archive_refused')).toBeGreaterThan(count / 2);
  });

  it('as values are values, in the tenant that is made', async () => {
    const all = [...new Set(texts())];
    await admin().query(`insert into job (tenant_id, title) select 'acme', t from unnest($1::text[]) t`, [all]);
    const before = await victims();
    const file = await refusals.fixture.archive('acme');
    const { rows } = await refusals.fixture.import(file, 'values');
    expect(rows).toBeGreaterThan(all.length);
    expect(await victims()).toEqual(before);
    expect(await refusals.fixture.rows(ROWS, 'values')).toEqual(before[0]);
  });

  it('as the id or the slug of the tenant are refused, or are names and nothing else', async () => {
    const before = await victims();
    // A name without blanks may be an id.
    const attacks = [...new Set(drawn(texts(), 20, 5).flatMap((text) => [text, text.replace(/\s+/g, '/**/')]))];
    const codes = new Map<string, number>();
    for (const [index, text] of attacks.entries()) {
      for (const tenant of [
        { id: text, slug: `id-${index}` },
        { id: `slug${index}`, slug: text },
      ]) {
        const code = await refusals.fixture.import(refusals.file, 'x', 'schema', 'main', { tenant }).then(
          () => 'imported',
          (error) => String(error.code),
        );
        codes.set(code, (codes.get(code) ?? 0) + 1);
      }
    }
    expect(await victims()).toEqual(before);
    const own = ['imported', 'tenant_unplaceable', 'tenant_name_unusable'];
    expect([...codes.keys()].filter((code) => !own.includes(code))).toEqual([]);
    const { rows } = await admin().query(`select id from tenancy.tenant where id ~ '[^a-z0-9_]' and status = 'active'`);
    expect(rows.map(({ id }) => id).every((id) => attacks.includes(id))).toBe(true);
    expect(rows.length).toBeLessThanOrEqual(codes.get('imported') ?? 0);
  });
});
