import type pg from 'pg';
import { describe, expect, it } from 'vitest';
import { ArchiveRefusals } from './archive-refusals.js';

describe('importTenant refuses rows that do not go beside those that are there', () => {
  const refusals = ArchiveRefusals.forAllTests();

  const admin = () => refusals.fixture.moves.admin['main'] as pg.Client;
  const archived = async (sql: string, undo: string) => {
    await admin().query(`set session_replication_role = replica; ${sql}; set session_replication_role = origin`);
    const odd = await refusals.fixture.archive('acme');
    await admin().query(`set session_replication_role = replica; ${undo}; set session_replication_role = origin`);
    await refusals.look();
    return odd;
  };

  it('keys that are taken: it says how many and of which table, and nothing of the row', async () => {
    const odd = await archived(
      `insert into note values (1, 'acme', 'x'), (2, 'acme', 'y'), (3, 'acme', 'z')`,
      `delete from note; insert into note values (2, 'globex', 'secret'), (3, 'globex', 'more')`,
    );
    const said = await refusals.of(odd);
    expect(said).toMatch(/^place_unusable: 2 rows of "public"\."note" have a key that another row has already/);
    expect(said).not.toMatch(/globex|secret/);
    await admin().query('delete from note');
    await refusals.look();
  });

  it('keys that are checked at the end of a transaction', async () => {
    const odd = await archived(
      `insert into person values ('acme', 50, null, null, 3)`,
      `delete from person where id = 50`,
    );
    for (const kind of ['rows', 'schema'] as const) {
      expect(await refusals.of(odd, kind)).toMatch(/^place_unusable: 2 rows of .*"person" have a key/);
    }
  });

  it('a reference to nothing, and one to a row of another tenant', async () => {
    const nowhere = await archived(
      `insert into remark values (1, 'acme', 4711)`,
      `delete from remark; insert into note values (4711, 'globex', 'secret')`,
    );
    for (const kind of ['rows', 'schema'] as const) {
      expect(await refusals.of(nowhere, kind)).toMatch(
        /^archive_refused: .*remark.* refer by the foreign key "remark_note_fkey".* not the tenant's/,
      );
    }
    await admin().query('delete from note');
    await refusals.look();
    const strange = await archived(
      `update job set country = 'xx' where tenant_id = 'acme' and title = 'job 1'`,
      `update job set country = null where tenant_id = 'acme' and title = 'job 1'`,
    );
    expect(await refusals.of(strange)).toMatch(/^archive_refused: .*"job_country_fkey" to rows of country/);
  });

  it('a trigger that would fire for the rows, and may write those of others', async () => {
    await admin().query('alter table item enable always trigger stamp');
    expect(await refusals.of(refusals.file)).toMatch(/^place_unusable: the trigger "stamp" of item is ENABLE ALWAYS/);
    await admin().query('alter table item enable trigger stamp');
  });

  it('numbers that would use up a sequence of everybody', async () => {
    const odd = await archived(
      `insert into job (tenant_id, id, title) overriding system value values ('acme', 2000000000, 'far')`,
      `delete from job where title = 'far'`,
    );
    expect(await refusals.of(odd)).toMatch(/^place_unusable: numbers of the tenant go up to 2000000000/);
    const { place } = await refusals.fixture.import(odd, 'far', 'schema');
    expect(await refusals.fixture.rows(place, 'far')).toHaveLength(
      (await refusals.fixture.rows({ server: 'main', kind: 'rows', name: null }, 'acme')).length + 1,
    );
    await refusals.look();
  });

  it('rows of its id that are there without a tenant', async () => {
    await admin().query(`insert into job (tenant_id, title) values ('other', 'left')`);
    await refusals.look();
    expect(await refusals.of(refusals.file)).toMatch(
      /^place_unusable: "public"\."job" has rows of this tenant already/,
    );
    await admin().query(`delete from job where tenant_id = 'other'`);
  });
});
