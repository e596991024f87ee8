import { readFile } from 'node:fs/promises';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PlaceKind } from '../../src/tenants.js';
import { ArchiveFixture, type OpenArchive } from './archive-fixture.js';

type Change = (archive: OpenArchive) => void;

const JOB = 'data/job.copy';

/** A table of the manifest. */
function table({ manifest }: OpenArchive, name = 'job') {
  return manifest.tables.find((one) => one.name === name) as OpenArchive['manifest']['tables'][number];
}

/** Changes the rows of a table, and the manifest's length and SHA-256 of them. */
function rows(change: (text: string) => string, name = 'job'): Change {
  return (archive) => {
    const file = `data/${name}.copy`;
    archive.files.set(file, Buffer.from(change(String(archive.files.get(file)))));
    archive.seal();
  };
}

const named =
  (name: string): Change =>
  (archive) => {
    archive.files.set(`data/${encodeURIComponent(name)}.copy`, archive.files.get(JOB) as Buffer);
    archive.files.delete(JOB);
    table(archive).name = name;
  };

const CHANGES: readonly (readonly [string, Change, RegExp])[] = [
  ['a table of which the file is missing', ({ files }) => files.delete(JOB), /lacks data\/job\.copy/],
  [
    'a file more',
    ({ files }) => files.set('data/more.copy', Buffer.of()),
    /"data\/more\.copy" that its manifest does not know/,
  ],
  ['no manifest', ({ files }) => files.set('manifest.jso', Buffer.from('{}')), /manifest/],
  ['a manifest that is none', ({ files }) => files.set('manifest.json', Buffer.from('{"format":')), /no JSON/],
  [
    'a manifest of something else',
    ({ files }) => files.set('manifest.json', Buffer.from('[]')),
    /not that of an archive/,
  ],
  [
    'a manifest that is too long',
    ({ files }) => files.set('manifest.json', Buffer.alloc(17 * 2 ** 20, 32)),
    /too long/,
  ],
  [
    'a newer version',
    ({ manifest }) => {
      manifest.version = 2;
    },
    /version 2/,
  ],
  [
    'rows that were changed',
    ({ files }) => files.set(JOB, Buffer.from(String(files.get(JOB)).replace('job 1', 'job I'))),
    /data\/job\.copy is not what/,
  ],
  [
    'rows that were changed, and their SHA-256 as well',
    rows((text) => text.replace('job 1', 'job I')),
    /"job" are not those .* hash/,
  ],
  [
    'a row less, and the SHA-256 as well',
    rows((text) => text.slice(text.indexOf('\n') + 1)),
    /"job" has 199 rows, .* 200/,
  ],
  ['a row twice', rows((text) => text.slice(0, text.indexOf('\n') + 1) + text), /"job" has 201 rows/],
  [
    'a row twice, which the manifest counts',
    (archive) => {
      rows((text) => text.slice(0, text.indexOf('\n') + 1) + text)(archive);
      table(archive).rows += 1;
    },
    /1 rows of .*job" have a key/,
  ],
  ['an end in the middle', rows((text) => text.replace('\n', '\n\\.\n')), /"job"/],
  ['a column too many in a row', rows((text) => text.replace('\n', '\tx\n')), /"job" is refused, with SQLSTATE 22P04/],
  [
    'a value that the column does not take',
    rows((text) => text.replace(/^\d+/, 'x')),
    /"job" is refused, with SQLSTATE 22P02/,
  ],
  ['a value that the column must have', rows((text) => text.replace('job 1', '\\N')), /"job" is refused.*23502/],
  [
    'another count',
    (archive) => {
      table(archive).rows = 5;
    },
    /"job" has 200 rows, and its manifest says 5/,
  ],
  [
    'another hash',
    (archive) => {
      table(archive).hash = '1:2';
    },
    /hash/,
  ],
  [
    'a hash that is none',
    (archive) => {
      table(archive).hash = '1';
    },
    /`tables`/,
  ],
  [
    'another length',
    (archive) => {
      table(archive).bytes += 1;
    },
    /data\/job\.copy is not what/,
  ],
  [
    'another SHA-256',
    (archive) => {
      table(archive).sha256 = 'a'.repeat(64);
    },
    /data\/job\.copy is not what/,
  ],
  [
    'the tenant in the rows',
    (archive) => {
      table(archive).columns.push({ name: 'tenant_id', type: 'text' });
      rows((text) => text.replaceAll('\n', '\tglobex\n'))(archive);
    },
    /"job" has no column "tenant_id" here/,
  ],
  [
    'a column more',
    (archive) => {
      table(archive).columns.push({ name: 'salary', type: 'int' });
    },
    /no column "salary" here/,
  ],
  [
    'a column less',
    (archive) => {
      table(archive).columns.pop();
    },
    /has the column "at" here alone/,
  ],
  [
    'a column of another type',
    (archive) => {
      (table(archive).columns[0] as { type: string }).type = 'text';
    },
    /"id" is integer here and "text" there/,
  ],
  [
    'a column twice',
    (archive) => {
      table(archive).columns.push({ ...(table(archive).columns[0] as { name: string; type: string }) });
    },
    /`tables`/,
  ],
  [
    'SQL in a type',
    (archive) => {
      (table(archive).columns[0] as { type: string }).type = 'integer); drop table job; --';
    },
    /drop table/,
  ],
  [
    'SQL in a column',
    (archive) => {
      (table(archive).columns[0] as { name: string }).name = 'id" from job; drop table job; --';
    },
    /no column "id\\" from job/,
  ],
  ['SQL in the name of a table', named('job"; drop table job; --'), /there is no table "job\\"; drop table job; --"/],
  ['a table that everybody reads', named('country'), /there is no table "country" of tenants/],
  ['a table of the directory', named('tenancy.tenant'), /there is no table "tenancy\.tenant"/],
  ['a name of a table that leads out of the folder', named('../../job'), /there is no table/],
  [
    'a table less',
    (archive) => {
      archive.manifest.tables = archive.manifest.tables.filter(({ name }) => name !== 'job');
      archive.files.delete(JOB);
    },
    /lacks the table "job"/,
  ],
  [
    'a table twice',
    (archive) => {
      archive.manifest.tables.push(table(archive));
    },
    /`tables`/,
  ],
  [
    'a sequence that is not here',
    ({ manifest }) => {
      manifest.sequences.push({ name: "x'); drop table job; --", last: '5' });
    },
    /no sequence "x'/,
  ],
  [
    'a sequence whose number is none',
    ({ manifest }) => {
      manifest.sequences.push({ name: 'x', last: '1; drop table job' });
    },
    /`sequences`/,
  ],
  [
    'an id that is none',
    ({ manifest }) => {
      manifest.tenant.id = '';
    },
    /`tenant`/,
  ],
  [
    'a text that cannot be stored',
    ({ manifest }) => {
      manifest.tenant.settings = { a: 'x\0' } as never;
    },
    /no JSON/,
  ],
  [
    'settings that are none',
    ({ manifest }) => {
      manifest.tenant.settings = [] as never;
    },
    /`tenant`/,
  ],
  [
    'a migration more',
    ({ manifest }) => {
      manifest.migrations.push({ name: '2', checksum: 'x' });
    },
    /exported with 2, which is not here/,
  ],
  [
    'a migration less',
    ({ manifest }) => {
      manifest.migrations = [];
    },
    /exported before 1/,
  ],
  [
    'another migration',
    ({ manifest }) => {
      (manifest.migrations[0] as { checksum: string }).checksum = 'x';
    },
    /1 has another text here/,
  ],
];

describe('importTenant refuses, and leaves nothing of', () => {
  let fixture: ArchiveFixture;
  let file: string;
  let before: readonly string[];

  beforeAll(async () => {
    fixture = await ArchiveFixture.start();
    await fixture.tenant('acme');
    await fixture.tenant('globex');
    file = await fixture.archive('acme');
    before = await fixture.traces();
  }, 60_000);

  afterAll(() => fixture.stop());

  const refusal = async (changed: string, kind: PlaceKind = 'rows', more = {}) => {
    const error = await fixture.import(changed, 'other', kind, 'main', more).then(
      () => 'it was imported',
      (thrown: Error) => thrown.message,
    );
    expect(await fixture.traces()).toEqual(before);
    return error;
  };

  it.each(CHANGES)('an archive with %s', async (_, change, said) => {
    const changed = await fixture.changed(file, change);
    for (const kind of ['rows', 'schema'] as const) {
      expect(await refusal(changed, kind)).toMatch(said);
    }
  });

  it('an archive that is cut short, has a byte changed, or is none at all', async () => {
    const bytes = await readFile(file);
    for (const length of [0, 1, 100, bytes.length >> 1, bytes.length - 1]) {
      expect(await refusal(await fixture.written(bytes.subarray(0, length)))).toMatch(
        /^archive_refused: .* cannot be read/,
      );
    }
    expect(await refusal(await fixture.written(Buffer.concat([bytes, Buffer.from('x')])))).toMatch(
      /^archive_refused: /,
    );
    expect(await refusal(fixture.file('none.zip'))).toMatch(/^archive_refused: .*ENOENT/);
    expect(await refusal(fixture.folder)).toMatch(/^archive_refused: /);
    const data = await fixture.dataOf(file);
    for (let n = 0; n < 60; n += 1) {
      const changed = Buffer.from(bytes);
      // Dates and rights of files mean nothing, and may be others.
      const [start, end] = data[n % data.length] as readonly [number, number];
      const at = start + Math.floor((n / 60) * (end - start));
      changed.writeUInt8((changed[at] as number) ^ 0xff, at);
      expect(await refusal(await fixture.written(changed))).toMatch(/^archive_refused: /);
    }
  }, 60_000);

  it('names that lead out of the folder, a file twice, encrypted ones, and far too many', async () => {
    const renamed = async (from: string, to: string) => {
      const changed = await fixture.changed(file, ({ files }) => files.set(from, Buffer.from('x')));
      return fixture.written(Buffer.from((await readFile(changed)).toString('latin1').replaceAll(from, to), 'latin1'));
    };
    expect(await refusal(await renamed('xx_x', '../x'))).toMatch(/^archive_refused: .*relative path/);
    expect(await refusal(await renamed('xtmp/x', '/tmp/x'))).toMatch(/^archive_refused: .*absolute path/);
    expect(await refusal(await renamed('data/jox.copy', JOB))).toMatch(/^archive_refused: .*"data\/job\.copy" twice/);
    const encrypted = await readFile(file);
    const entry = encrypted.indexOf(Buffer.from('504b0102', 'hex'));
    encrypted.writeUInt16LE(encrypted.readUInt16LE(entry + 8) | 1, entry + 8);
    expect(await refusal(await fixture.written(encrypted))).toMatch(/^archive_refused: .*encrypted/);
    const many = await readFile(file);
    // The end of the directory says how many there are.
    const end = many.lastIndexOf(Buffer.from('504b0506', 'hex'));
    many.writeUInt16LE(60_000, end + 8);
    many.writeUInt16LE(60_000, end + 10);
    expect(await refusal(await fixture.written(many))).toMatch(/^archive_refused: .*60000 files/);
  }, 60_000);

  it('a file that unpacks to far more than its manifest says, without unpacking it', async () => {
    const zeros = Buffer.alloc(128 * 2 ** 20);
    const big = await fixture.changed(file, ({ files }) => files.set(JOB, zeros));
    const bytes = await readFile(big);
    expect(bytes.length).toBeLessThan(2 ** 20);
    expect(await refusal(big)).toMatch(/data\/job\.copy is not what its manifest says/);
    // The directory of the archive says what the manifest does, and the data is the same.
    const entry = bytes.lastIndexOf(Buffer.from(JOB)) - 46;
    expect(bytes.readUInt32LE(entry)).toBe(0x02014b50);
    const { tables } = await fixture.manifestOf(file);
    bytes.writeUInt32LE(tables.find(({ name }) => name === 'job')?.bytes ?? 0, entry + 24);
    const before = process.memoryUsage().rss;
    expect(await refusal(await fixture.written(bytes))).toMatch(/^archive_refused: .*(too many bytes|not what)/);
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 2 ** 20);
  }, 60_000);

  it('an archive of another digest than was asked for', async () => {
    expect(await refusal(file, 'rows', { digest: 'a'.repeat(64) })).toMatch(/^archive_refused: .*another digest/);
  });

  it('a tenant whose id or slug is taken', async () => {
    expect(await refusal(file, 'rows', { tenant: {} })).toMatch(/^tenant_exists: /);
    expect(await refusal(file, 'schema', { tenant: { id: 'other' } })).toMatch(/^tenant_exists: /);
    expect(await refusal(file, 'rows', { tenant: { id: 'globex', slug: 'other' } })).toMatch(/^tenant_exists: /);
  });

  describe('rows that do not go beside those that are there', () => {
    const admin = () => fixture.moves.admin['main'] as pg.Client;
    const archived = async (sql: string, undo: string) => {
      await admin().query(`set session_replication_role = replica; ${sql}; set session_replication_role = origin`);
      const odd = await fixture.archive('acme');
      await admin().query(`set session_replication_role = replica; ${undo}; set session_replication_role = origin`);
      before = await fixture.traces();
      return odd;
    };

    it('keys that are taken: it says how many and of which table, and nothing of the row', async () => {
      const odd = await archived(
        `insert into note values (1, 'acme', 'x'), (2, 'acme', 'y'), (3, 'acme', 'z')`,
        `delete from note; insert into note values (2, 'globex', 'secret'), (3, 'globex', 'more')`,
      );
      const said = await refusal(odd);
      expect(said).toMatch(/^place_unusable: 2 rows of "public"\."note" have a key that another row has already/);
      expect(said).not.toMatch(/globex|secret/);
      await admin().query('delete from note');
      before = await fixture.traces();
    });

    it('keys that are checked at the end of a transaction', async () => {
      const odd = await archived(
        `insert into person values ('acme', 50, null, null, 3)`,
        `delete from person where id = 50`,
      );
      for (const kind of ['rows', 'schema'] as const) {
        expect(await refusal(odd, kind)).toMatch(/^place_unusable: 2 rows of .*"person" have a key/);
      }
    });

    it('a reference to nothing, and one to a row of another tenant', async () => {
      const nowhere = await archived(
        `insert into remark values (1, 'acme', 4711)`,
        `delete from remark; insert into note values (4711, 'globex', 'secret')`,
      );
      for (const kind of ['rows', 'schema'] as const) {
        expect(await refusal(nowhere, kind)).toMatch(
          /^archive_refused: .*remark.* refer by the foreign key "remark_note_fkey".* not the tenant's/,
        );
      }
      await admin().query('delete from note');
      before = await fixture.traces();
      const strange = await archived(
        `update job set country = 'xx' where tenant_id = 'acme' and title = 'job 1'`,
        `update job set country = null where tenant_id = 'acme' and title = 'job 1'`,
      );
      expect(await refusal(strange)).toMatch(/^archive_refused: .*"job_country_fkey" to rows of country/);
    });

    it('numbers that would use up a sequence of everybody', async () => {
      const odd = await archived(
        `insert into job (tenant_id, id, title) overriding system value values ('acme', 2000000000, 'far')`,
        `delete from job where title = 'far'`,
      );
      expect(await refusal(odd)).toMatch(/^place_unusable: numbers of the tenant go up to 2000000000/);
      const { place } = await fixture.import(odd, 'far', 'schema');
      expect(await fixture.rows(place, 'far')).toHaveLength(
        (await fixture.rows({ server: 'main', kind: 'rows', name: null }, 'acme')).length + 1,
      );
      before = await fixture.traces();
    });

    it('rows of its id that are there without a tenant', async () => {
      await admin().query(`insert into job (tenant_id, title) values ('other', 'left')`);
      before = await fixture.traces();
      expect(await refusal(file)).toMatch(/^place_unusable: "public"\."job" has rows of this tenant already/);
      await admin().query(`delete from job where tenant_id = 'other'`);
    });
  });

  it('nothing, where nothing is wrong', async () => {
    const { rows: count } = await fixture.import(file, 'right', 'rows');
    expect(count).toBeGreaterThan(500);
  });
});
