import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import pg from 'pg';
import { openPromise } from 'yauzl';
import { ZipFile } from 'yazl';
import type { TenantPlace } from '../../src/index.js';
import { type ArchiveManifest, fileOf } from '../../src/tenants/archive/manifest.js';
import { exportTenant, type ImportTenantOptions, importTenant, type PlaceKind } from '../../src/tenants.js';
import { connected, MIGRATION, MoveFixture } from './move-fixture.js';

/** Tables whose foreign keys go round in a circle and to a partitioned table, with keys that are checked at the end, and with odd names. */
export const ARCHIVED = `${MIGRATION}
  create table team (tenant_id text not null, id int, lead int, name text, primary key (tenant_id, id));
  create table person (tenant_id text not null, id int, team int, boss int, place int, primary key (tenant_id, id),
    foreign key (tenant_id, team) references team, foreign key (tenant_id, boss) references person,
    unique (tenant_id, place) deferrable initially deferred);
  alter table team add foreign key (tenant_id, lead) references person;
  create table tip (tenant_id text not null, day date, visit int, odd text, primary key (tenant_id, day, visit), foreign key (tenant_id, day, visit) references visit);
  create table "we/ird ""one""" (tenant_id text not null, "select" int, "Größe 'x'; --" text, "a.b/../c" money, primary key (tenant_id, "select"));
  create table setting (tenant_id text not null, name text, value xml, few varchar(3), fixed char(5), bits bit(3), net inet, at time with time zone, area box,
    span int4range, many int[][], "when" timestamp, primary key (tenant_id, name));
  create table remark (id int primary key, tenant_id text not null, note int references note);
  create sequence ticket;
  insert into setting (tenant_id, name) values ('nobody', 'from a migration');`;

/** An archive that is to be changed: its manifest, and its other files. */
export interface OpenArchive {
  readonly manifest: Writeable<ArchiveManifest>;
  readonly files: Map<string, Buffer>;
  /** Gives the manifest the lengths and hashes of the files as they are now, as somebody does who knows how. */
  readonly seal: () => void;
}

type Writeable<T> = T extends string | number | boolean | null ? T : { -readonly [Key in keyof T]: Writeable<T[Key]> };

const MORE = `
  begin; set constraints all deferred; set session_replication_role = replica;
  insert into team select current_setting('app.tenant_id'), n, 3 - n, E'odd \\t \\\\N \\\\. \\r\\n "x" ,' || chr(8) || '😀' from generate_series(1, 2) n;
  insert into person select current_setting('app.tenant_id'), n, 1 + n % 2, nullif(n - 1, 0), n from generate_series(1, 3) n;
  commit; set session_replication_role = origin;
  insert into tip select tenant_id, day, id, E'\\\\.' from visit where tenant_id = current_setting('app.tenant_id') and id < 5;
  insert into "we/ird ""one""" select current_setting('app.tenant_id'), n, repeat('ß''', n), '1234.5' from generate_series(1, 3) n;
  insert into setting values (current_setting('app.tenant_id'), '', '<a b="c">&amp;</a>', 'äöü', 'a', b'101', '::1/64', '10:00:00.000001+02', '(1.5,2),(0,0)',
    '[1,5)', array[[1,2],[null,4]], '-infinity'), (current_setting('app.tenant_id'), E'\\x7f\\u00a0', null, '', null, null, null, null, null, 'empty', '{}', '0044-03-15 12:00:00.999999 BC');
  select nextval('ticket');`;

/** Tenants in several kinds of places and servers, and a folder of archives. */
export class ArchiveFixture {
  #imports = 0;

  private constructor(
    readonly moves: MoveFixture,
    readonly folder: string,
  ) {}

  static async start(second?: string): Promise<ArchiveFixture> {
    const moves = await MoveFixture.start(second, ARCHIVED);
    return new ArchiveFixture(moves, await mkdtemp(join(tmpdir(), 'tenancy-archive-')));
  }

  /** A tenant with rows of every kind, beside those of others. */
  async tenant(id: string): Promise<void> {
    await this.moves.tenant(id);
    const client = await connected(this.urlOf('main'));
    await client.query(`select set_config('app.tenant_id', '${id}', false); ${MORE}`);
    await client.end();
  }

  urlOf(server: 'main' | 'eu2'): string {
    return (this.moves.databases[server === 'main' ? 0 : 1] as { url: string }).url;
  }

  file(name: string): string {
    return join(this.folder, name);
  }

  /** A new archive of a tenant. */
  async archive(tenant: string): Promise<string> {
    this.#imports += 1;
    const file = this.file(`${tenant}-${this.#imports}.zip`);
    const { directory, places } = this.moves;
    await exportTenant({ directory, places, tenant, file });
    return file;
  }

  /** Imports an archive as a tenant of this id, which is its slug too. */
  import(file: string, id: string, kind: PlaceKind = 'rows', server = 'main', more: Partial<ImportTenantOptions> = {}) {
    this.moves.databaseOf(id);
    const { directory, places } = this.moves;
    return importTenant({ directory, places, file, tenant: { id, slug: id }, at: { server, kind }, ...more });
  }

  /** Every row of a tenant without its own column, or of all tenants in the shared tables with it. */
  async rows(place: TenantPlace, id: string | null): Promise<readonly string[]> {
    const client = new pg.Client(this.moves.places.connectionTo(place));
    await client.connect();
    const schema = place.kind === 'schema' ? (place.name as string) : 'public';
    const { rows } = await client.query<{ query: string }>(
      `select format('select %L || row(%s)::text as row from %I.%I where %L::text is null or tenant_id = %L', relname || ' ',
          (select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute where attrelid = c.oid and attnum > 0
            and ($2::text is null or attname <> 'tenant_id')), $1::text, relname, $2::text, $2::text) as query
        from pg_class c where relkind in ('r', 'p') and not relispartition and relnamespace = to_regnamespace(quote_ident($1))
          and exists (select from pg_attribute where attrelid = c.oid and attname = 'tenant_id')`,
      [schema, id],
    );
    await client.query(`set timezone = 'UTC'; set lc_monetary = 'C'`);
    const found = await client.query<{ row: string }>(rows.map(({ query }) => query).join(' union all '));
    await client.end();
    return found.rows.map(({ row }) => row).sort();
  }

  /** Everything that an import leaves behind where it does: tenants, operations, schemas, databases, rows. */
  async traces(): Promise<readonly string[]> {
    const traces: string[] = [];
    for (const [name, client] of Object.entries(this.moves.admin)) {
      const { rows } = await client.query<{ trace: string }>(
        `select 'schema ' || nspname as trace from pg_namespace where nspname !~ '^pg_(toast|temp)' union all
          select 'ledger ' || target from public.tenancy_migrations union all select 'database ' || datname from pg_database where datname ~ $1
          union all select 'sequence ' || sequencename || ' ' || coalesce(last_value, 0) from pg_sequences where schemaname = 'public' order by 1`,
        [this.moves.role],
      );
      traces.push(...rows.map(({ trace }) => `${name} ${trace}`));
      const all = await this.rows({ server: name, kind: 'rows', name: null }, null);
      traces.push(`${name} ${all.length} rows ${createHash('sha256').update(all.join()).digest('hex')}`);
    }
    const { rows } = await (this.moves.admin['main'] as pg.Client).query<{ trace: string }>(
      `select concat('tenant ', id, ' ', slug, ' ', status) as trace from tenancy.tenant union all select 'slug ' || slug from tenancy.slug
        union all select 'operation ' || tenant_id from tenancy.operation where ended_at is null order by 1`,
    );
    return [...traces, ...rows.map(({ trace }) => trace)];
  }

  /** The files of an archive. */
  async unpacked(file: string): Promise<Map<string, Buffer>> {
    const files = new Map<string, Buffer>();
    const zip = await openPromise(file, { lazyEntries: true, autoClose: false });
    for await (const entry of zip.eachEntry()) {
      files.set(entry.fileName, await buffer(await zip.openReadStreamPromise(entry)));
    }
    zip.close();
    return files;
  }

  /** Begin and end of the packed data of each file of an archive. */
  async dataOf(file: string): Promise<readonly (readonly [number, number])[]> {
    const ranges: (readonly [number, number])[] = [];
    const zip = await openPromise(file, { lazyEntries: true, autoClose: false });
    for await (const entry of zip.eachEntry()) {
      const { fileDataStart: start } = await zip.readLocalFileHeaderPromise(entry);
      if (entry.compressedSize > 2) ranges.push([start, start + entry.compressedSize]);
    }
    zip.close();
    return ranges;
  }

  /** A copy of an archive in which something is another one. */
  async changed(file: string, change: (archive: OpenArchive) => void): Promise<string> {
    const files = await this.unpacked(file);
    const manifest = JSON.parse(String(files.get('manifest.json')));
    files.delete('manifest.json');
    const seal = () => {
      for (const table of manifest.tables) {
        const data = files.get(fileOf(table)) ?? Buffer.of();
        table.bytes = data.length;
        table.sha256 = createHash('sha256').update(data).digest('hex');
      }
    };
    change({ manifest, files, seal });
    if (!files.has('manifest.json')) files.set('manifest.json', Buffer.from(JSON.stringify(manifest)));
    return this.packed(files);
  }

  /** An archive of any files. */
  async packed(files: ReadonlyMap<string, Buffer>): Promise<string> {
    const zip = new ZipFile();
    for (const [name, data] of files) zip.addBuffer(data, name);
    zip.end();
    return this.written(await buffer(zip.outputStream));
  }

  async written(bytes: Buffer): Promise<string> {
    this.#imports += 1;
    const file = this.file(`changed-${this.#imports}.zip`);
    await writeFile(file, bytes);
    return file;
  }

  /** The manifest of an archive, as anybody reads it. */
  async manifestOf(file: string): Promise<ArchiveManifest> {
    return JSON.parse(String((await this.unpacked(file)).get('manifest.json')));
  }

  async stop(): Promise<void> {
    await this.moves.stop();
    await rm(this.folder, { recursive: true });
  }

  files(): Promise<readonly string[]> {
    return readdir(this.folder);
  }
}
