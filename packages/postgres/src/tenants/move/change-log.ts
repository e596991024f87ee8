import { createHash } from 'node:crypto';
import type { ClientBase } from 'pg';
import { quoteIdentifier, quoteLiteral, quoteQualified } from '../../policies/quoting.js';
import { AS_TEXT } from '../../protocol/as-text.js';
import { readJson } from '../../protocol/read-json.js';
import { type FenceNames, fenceNames, SCHEMA } from '../fence/fence-names.js';
import { dropSchema, makeSchema, putTriggers, takeTriggers } from '../fence/fence-triggers.js';
import type { LockPatience } from '../fence/with-lock.js';
import type { PlacedTable } from '../places/tenant-tables.js';
import { MAKE_TOUCHED, TOUCHED, type TouchedTable } from './touched.js';

/** Options of {@link ChangeLog}. */
export interface ChangeLogOptions extends LockPatience {
  /** A connection by the role that owns the tables. */
  readonly client: ClientBase;
  readonly tenant: string;
  /** As `tenantTables` finds them, each with a key. Values of keys are noted as text, whatever the settings of the writer. */
  readonly tables: readonly Pick<PlacedTable, 'schema' | 'name' | 'tenantColumn' | 'key'>[];
}

/** Keys as text are the same for everybody who writes. */
const PINNED = `set search_path = pg_catalog set datestyle = 'ISO, MDY' set intervalstyle = 'postgres' set timezone = 'UTC'
  set extra_float_digits = 1 set bytea_output = 'hex'`;

/**
 * The keys of a tenant's rows that are written while they are copied, noted by triggers in the writer's own transaction. It needs neither a
 * replication slot nor a publication, whose row filter would make UPDATE and DELETE fail for every tenant. What is taken from it was committed:
 * there is no gap by the order of numbers.
 */
export class ChangeLog {
  readonly #options: ChangeLogOptions;
  readonly #names: FenceNames;

  constructor(options: ChangeLogOptions) {
    this.#options = options;
    this.#names = fenceNames(options.tenant);
  }

  /** Begins to note. It may run again. */
  async install(): Promise<void> {
    const { client, tenant, tables } = this.#options;
    await makeSchema(client);
    await client.query(
      `create table if not exists ${this.#names.changes} (place text collate "C" not null, key text[])`,
    );
    for (const table of tables) {
      const called = await this.#define(table);
      const kind = { kind: 'log' as const, when: 'after' as const, function: called, call: () => `${called}()` };
      await putTriggers(client, this.#names, tenant, [table], kind, this.#options);
    }
  }

  /**
   * Takes what is noted into `TOUCHED`, each row once, in the open transaction of the client: where that is undone, it stays noted.
   */
  async take(): Promise<readonly TouchedTable[]> {
    const { client } = this.#options;
    await client.query(`${MAKE_TOUCHED}; with taken as (delete from ${this.#names.changes} returning place, key)
      insert into ${TOUCHED} select distinct place, key from taken; analyze ${TOUCHED}`);
    return readJson<TouchedTable>(
      client,
      `select place as table, count(*) as keys, bool_or(key is null) as "isEmptied" from ${TOUCHED} group by place`,
    );
  }

  /** Takes everything away that {@link install} made, also by an earlier process. */
  async remove(): Promise<void> {
    const { client } = this.#options;
    const { rows } = await client.query<{ name: string }>({
      text: `select p.proname as name from pg_proc p where p.pronamespace = to_regnamespace($1) and p.proname like $2`,
      values: [SCHEMA, `log\\_${this.#names.id}\\_%`],
      types: AS_TEXT,
    });
    for (const { name } of rows) await takeTriggers(client, quoteQualified({ schema: SCHEMA, name }), this.#options);
    await client.query(`drop table if exists ${this.#names.changes}`);
    await dropSchema(client);
  }

  async #define(table: ChangeLogOptions['tables'][number]): Promise<string> {
    const place = `${table.schema}.${table.name}`;
    const digest = createHash('sha256').update(place).digest('hex').slice(0, 16);
    const name = quoteQualified({ schema: SCHEMA, name: `log_${this.#names.id}_${digest}` });
    const key = (row: 'new' | 'old') =>
      `array[${table.key.map((column) => `${row}.${quoteIdentifier(column)}::text`)}]`;
    const note = (value: string) => `insert into ${this.#names.changes} values (${quoteLiteral(place)}, ${value});`;
    // The writer has no rights here.
    await this.#options.client.query(`create or replace function ${name}() returns trigger language plpgsql security definer ${PINNED} as $log$
      begin
        if tg_op = 'TRUNCATE' then ${note('null')} return null; end if;
        if tg_op <> 'INSERT' then ${note(key('old'))} end if;
        if tg_op = 'INSERT' then ${note(key('new'))} end if;
        if tg_op = 'UPDATE' then
          if ${key('new')} is distinct from ${key('old')} then ${note(key('new'))} end if;
        end if;
        return null;
      end $log$`);
    return name;
  }
}
