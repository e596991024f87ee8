import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { CHANGES, JOB } from './archive-changes.js';
import { ArchiveRefusals } from './archive-refusals.js';

describe('importTenant refuses, and leaves nothing of', () => {
  const refusals = ArchiveRefusals.forAllTests();

  it.each(CHANGES)('an archive with %s', async (_, change, said) => {
    const changed = await refusals.fixture.changed(refusals.file, change);
    for (const kind of ['rows', 'schema'] as const) {
      expect(await refusals.of(changed, kind)).toMatch(said);
    }
  });

  it('an archive that is cut short, has a byte changed, or is none at all', async () => {
    const bytes = await readFile(refusals.file);
    for (const length of [0, 1, 100, bytes.length >> 1, bytes.length - 1]) {
      expect(await refusals.of(await refusals.fixture.written(bytes.subarray(0, length)))).toMatch(
        /^archive_refused: .* cannot be read/,
      );
    }
    expect(await refusals.of(await refusals.fixture.written(Buffer.concat([bytes, Buffer.from('x')])))).toMatch(
      /^archive_refused: /,
    );
    expect(await refusals.of(refusals.fixture.file('none.zip'))).toMatch(/^archive_refused: .*ENOENT/);
    expect(await refusals.of(refusals.fixture.folder)).toMatch(/^archive_refused: /);
    const data = await refusals.fixture.dataOf(refusals.file);
    for (let n = 0; n < 60; n += 1) {
      const changed = Buffer.from(bytes);
      // Dates and rights of files mean nothing, and may be others.
      const [start, end] = data[n % data.length] as readonly [number, number];
      const at = start + Math.floor((n / 60) * (end - start));
      changed.writeUInt8((changed[at] as number) ^ 0xff, at);
      expect(await refusals.of(await refusals.fixture.written(changed))).toMatch(/^archive_refused: /);
    }
  });

  it('names that lead out of the folder, a file twice, encrypted ones, and far too many', async () => {
    const renamed = async (from: string, to: string) => {
      const changed = await refusals.fixture.changed(refusals.file, ({ files }) => files.set(from, Buffer.from('x')));
      return refusals.fixture.written(
        Buffer.from((await readFile(changed)).toString('latin1').replaceAll(from, to), 'latin1'),
      );
    };
    expect(await refusals.of(await renamed('xx_x', '../x'))).toMatch(/^archive_refused: .*relative path/);
    expect(await refusals.of(await renamed('xtmp/x', '/tmp/x'))).toMatch(/^archive_refused: .*absolute path/);
    expect(await refusals.of(await renamed('data/jox.copy', JOB))).toMatch(
      /^archive_refused: .*"data\/job\.copy" twice/,
    );
    const encrypted = await readFile(refusals.file);
    const entry = encrypted.indexOf(Buffer.from('504b0102', 'hex'));
    encrypted.writeUInt16LE(encrypted.readUInt16LE(entry + 8) | 1, entry + 8);
    expect(await refusals.of(await refusals.fixture.written(encrypted))).toMatch(/^archive_refused: .*encrypted/);
    const many = await readFile(refusals.file);
    // The end of the directory says how many there are.
    const end = many.lastIndexOf(Buffer.from('504b0506', 'hex'));
    many.writeUInt16LE(60_000, end + 8);
    many.writeUInt16LE(60_000, end + 10);
    expect(await refusals.of(await refusals.fixture.written(many))).toMatch(/^archive_refused: .*60000 files/);
  });

  it('a file that unpacks to far more than its manifest says, without unpacking it', async () => {
    const zeros = Buffer.alloc(128 * 2 ** 20);
    const big = await refusals.fixture.changed(refusals.file, ({ files }) => files.set(JOB, zeros));
    const bytes = await readFile(big);
    expect(bytes.length).toBeLessThan(2 ** 20);
    expect(await refusals.of(big)).toMatch(/data\/job\.copy has 134217728 bytes, and its manifest says \d+/);
    // The directory of the archive says what the manifest does, and the data is the same.
    const entry = bytes.lastIndexOf(Buffer.from(JOB)) - 46;
    expect(bytes.readUInt32LE(entry)).toBe(0x02014b50);
    const { tables } = await refusals.fixture.manifestOf(refusals.file);
    bytes.writeUInt32LE(tables.find(({ name }) => name === 'job')?.bytes ?? 0, entry + 24);
    const before = process.memoryUsage().rss;
    expect(await refusals.of(await refusals.fixture.written(bytes))).toMatch(
      /^archive_refused: .*(too many bytes|not what)/,
    );
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 2 ** 20);
  });

  it('an archive of another digest than was asked for', async () => {
    expect(await refusals.of(refusals.file, 'rows', { digest: 'a'.repeat(64) })).toMatch(
      /^archive_refused: .*another digest/,
    );
  });

  it('a tenant whose id or slug is taken', async () => {
    expect(await refusals.of(refusals.file, 'rows', { tenant: {} })).toMatch(/^tenant_exists: /);
    expect(await refusals.of(refusals.file, 'schema', { tenant: { id: 'other' } })).toMatch(/^tenant_exists: /);
    expect(await refusals.of(refusals.file, 'rows', { tenant: { id: 'globex', slug: 'other' } })).toMatch(
      /^tenant_exists: /,
    );
  });

  it('nothing, where nothing is wrong', async () => {
    const { rows: count } = await refusals.fixture.import(refusals.file, 'right', 'rows');
    expect(count).toBeGreaterThan(500);
  });
});
