import type { OpenArchive } from './archive-fixture.js';

type Change = (archive: OpenArchive) => void;

export const JOB = 'data/job.copy';

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

/** Changes of an archive that has 200 rows in `job`, each with what it is refused with. */
export const CHANGES: readonly (readonly [string, Change, RegExp])[] = [
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
    /data\/job\.copy has \d+ bytes/,
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
