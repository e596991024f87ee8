import { stat } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PlaceKind, TenantPlace } from '../../src/tenants.js';
import { ArchiveFixture } from './archive-fixture.js';

/** Each kind of place to each other one, on both servers and between them. */
const WAY: readonly (readonly [string, PlaceKind])[] = [
  ['main', 'rows'],
  ['main', 'schema'],
  ['main', 'schema'],
  ['main', 'database'],
  ['eu2', 'database'],
  ['eu2', 'schema'],
  ['eu2', 'rows'],
  ['eu2', 'database'],
  ['main', 'rows'],
  ['eu2', 'rows'],
  ['main', 'schema'],
  ['main', 'rows'],
];

const MAIN: TenantPlace = { server: 'main', kind: 'rows', name: null };

describe('exportTenant and importTenant', () => {
  let fixture: ArchiveFixture;

  beforeAll(async () => {
    fixture = await ArchiveFixture.start();
    await fixture.tenant('acme');
    await fixture.tenant('globex');
  });

  afterAll(() => fixture.stop());

  it('O35: take every row of every type from everywhere to everywhere, under another id, and touch no other row', async () => {
    const before = await fixture.rows(MAIN, 'acme');
    expect(before.length).toBeGreaterThan(510);
    const others = await fixture.rows(MAIN, 'globex');
    let from = 'acme';
    let file = await fixture.archive(from);
    const first = await fixture.manifestOf(file);
    for (const [n, [server, kind]] of WAY.entries()) {
      const id = `acme-${n}`;
      const { tenant, rows, place } = await fixture.import(file, id, kind, server);
      expect(tenant).toMatchObject({ id, slug: id, status: 'active', place, settings: {} });
      expect(rows).toBe(before.length);
      expect(await fixture.rows(place, id)).toEqual(before);
      [from, file] = [id, await fixture.archive(id)];
      const { tables } = await fixture.manifestOf(file);
      // The same rows have the same hash, whoever they belong to, and wherever they lie.
      const hashes = (all: readonly { name: string; hash: string; rows: number }[]) =>
        all.map(({ name, hash, rows: count }) => [name, hash, count]).sort();
      expect(hashes(tables)).toEqual(hashes(first.tables));
    }
    expect(await fixture.rows(MAIN, 'globex')).toEqual(others);
    expect(await fixture.rows(MAIN, 'acme')).toEqual(before);
  });

  it('writes what standard tools read, of this tenant alone, and readable by its owner alone', async () => {
    const file = await fixture.archive('acme');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const manifest = await fixture.manifestOf(file);
    const files = await fixture.unpacked(file);
    expect([...files.keys()]).toEqual([
      ...manifest.tables.map(({ name }) => `data/${encodeURIComponent(name)}.copy`),
      'manifest.json',
    ]);
    files.delete('manifest.json');
    const text = [...files.values()].join('');
    expect(text.split('\n')).toHaveLength(manifest.tables.reduce((sum, { rows }) => sum + rows, 0) + 1);
    expect(text).not.toMatch(/globex|acme/);
    expect(manifest.tenant).toEqual({ id: 'acme', slug: 'acme', name: 'acme', plan: null, settings: {} });
    expect(manifest.tables.map(({ name }) => name)).not.toContain('country');
    expect(JSON.stringify(manifest)).not.toMatch(/globex|postgres:\/\//);
    expect((await fixture.files()).filter((name) => name.endsWith('.part'))).toEqual([]);
  });
});
