import { randomUUID } from 'node:crypto';
import { tableName } from '../../table-name.js';
import { AHEAD, refuseAhead } from './ahead.js';
import type { Claim, Lease, Lock, TablePool } from './clock-lock.js';
import { SCHEDULE_TABLE } from './schedule-table-sql.js';

const NOW = 'clock_timestamp()';
const MILLISECONDS = `floor(extract(epoch from ${NOW}) * 1000)::bigint`;
const later = (parameter: string) => `${NOW} + ${parameter}::float8 * interval '1 millisecond'`;

/** B6: a row with a lease, and no advisory lock, which is free again before the last process has asked for it. */
export class TableLock implements Lock {
  readonly #pool: TablePool;
  readonly #table: string;

  constructor(pool: TablePool, table: string = SCHEDULE_TABLE) {
    this.#pool = pool;
    this.#table = tableName('lock.tableName', table);
  }

  async claim(job: string, tick: number | null, gap: number, lease: number): Promise<Claim> {
    const holder = randomUUID();
    const mine = await this.#rows<{ tick: string }>(
      `insert into ${this.#table} as known (job, tenant, tick, holder, lease_until)
       select $1, '', coalesce($2::bigint, ${MILLISECONDS}), $3, ${later('$4')}
       where $2::bigint is null or $2::bigint <= ${MILLISECONDS} + ${AHEAD}
       on conflict (job, tenant) do update
         set tick = excluded.tick, holder = excluded.holder, lease_until = excluded.lease_until, done_at = null
         where (known.tick + $5::bigint <= excluded.tick and (known.done_at is not null or known.lease_until <= ${NOW}))
            or (known.tick = excluded.tick and known.done_at is null and known.lease_until <= ${NOW})
       returning tick`,
      [job, tick, holder, lease, Math.round(gap)],
    );
    return this.#claimed(job, holder, mine, tick);
  }

  async takeOver(job: string, lease: number): Promise<Claim> {
    const holder = randomUUID();
    const mine = await this.#rows<{ tick: string }>(
      `update ${this.#table} set holder = $2, lease_until = ${later('$3')}
       where job = $1 and tenant = '' and done_at is null and lease_until <= ${NOW} returning tick`,
      [job, holder, lease],
    );
    return this.#claimed(job, holder, mine);
  }

  async renew({ job, tick, holder }: Lease, duration: number): Promise<boolean> {
    const renewed = await this.#rows(
      `update ${this.#table} set lease_until = ${later('$4')}
       where job = $1 and tenant = '' and tick = $2 and holder = $3 and done_at is null returning 1`,
      [job, tick, holder, duration],
    );
    return renewed.length > 0;
  }

  async begin({ job, tick, holder }: Lease, tenantId: string, isAgain: boolean): Promise<'begun' | 'done' | 'lost'> {
    const [answer] = await this.#rows<{ ours: boolean; begun: boolean }>(
      `with ours as (
         select 1 from ${this.#table}
         where job = $1 and tenant = '' and tick = $2 and holder = $3 and done_at is null and lease_until > ${NOW}
       ), begun as (
         insert into ${this.#table} as known (job, tenant, tick, holder) select $1, $4, $2::bigint, $3 from ours
         on conflict (job, tenant) do update set tick = excluded.tick, holder = excluded.holder, done_at = null
           where known.tick < excluded.tick
              or (known.tick = excluded.tick and known.done_at is null and ($5::boolean or known.holder <> excluded.holder))
         returning 1
       )
       select exists (select from ours) as ours, exists (select from begun) as begun`,
      [job, tick, holder, tenantId, isAgain],
    );
    if (answer?.begun) return 'begun';
    return answer?.ours ? 'done' : 'lost';
  }

  async finish({ job, tick, holder }: Lease, tenantId: string): Promise<void> {
    await this.#rows(
      `update ${this.#table} set done_at = ${NOW} where job = $1 and tenant = $4 and tick = $2 and holder = $3`,
      [job, tick, holder, tenantId],
    );
  }

  async end({ job, tick, holder }: Lease): Promise<void> {
    await this.#rows(
      `with ended as (
         update ${this.#table} set done_at = ${NOW} where job = $1 and tenant = '' and tick = $2 and holder = $3 returning 1
       )
       delete from ${this.#table} where job = $1 and tenant <> '' and tick <= $2 and exists (select from ended)`,
      [job, tick, holder],
    );
  }

  async release({ job, tick, holder }: Lease): Promise<void> {
    await this.#rows(
      `update ${this.#table} set lease_until = ${NOW} where job = $1 and tenant = '' and tick = $2 and holder = $3`,
      [job, tick, holder],
    );
  }

  async sweep(): Promise<void> {
    await this.#rows(`delete from ${this.#table} where tenant = '' and lease_until < ${NOW} - interval '30 days'`, []);
    await this.#rows(
      `delete from ${this.#table} as gone where tenant <> ''
       and not exists (select from ${this.#table} as known where known.job = gone.job and known.tenant = '')`,
      [],
    );
  }

  async #claimed(
    job: string,
    holder: string,
    [mine]: readonly { readonly tick: string }[],
    asked: number | null = null,
  ): Promise<Claim> {
    // A bigint comes as text.
    if (mine) return { state: 'mine', lease: { job, tick: Number(mine.tick), holder } };
    const [known] = await this.#rows<{ done: boolean | null; now: string }>(
      `select ${MILLISECONDS} as now, (select done_at is not null from ${this.#table} where job = $1 and tenant = '') as done`,
      [job],
    );
    refuseAhead(asked, Number(known?.now));
    return { state: known?.done === false ? 'held' : 'done' };
  }

  async #rows<Row>(sql: string, values: unknown[]): Promise<readonly Row[]> {
    const { rows } = await this.#pool.query(sql, values);
    return rows as readonly Row[];
  }
}
