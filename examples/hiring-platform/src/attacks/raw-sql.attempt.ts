import { Injectable } from '@nestjs/common';
import type { Tenant } from '@tenancy/core';
import type { TenantPool } from '@tenancy/postgres';
import { InjectPool } from '../database/tenant-pool.js';
import { type Attempt, type Outcome } from './attempt.js';
import { OtherCompany } from './other-company.js';

@Injectable()
export class RawSqlAttempt implements Attempt {
  readonly id = 'raw-sql';
  readonly title = 'Raw SQL';
  readonly does = 'Sends SQL that names no company past both ORMs, straight to PostgreSQL.';

  constructor(
    @InjectPool() private readonly pool: TenantPool,
    private readonly others: OtherCompany,
  ) {}

  async run(own: Tenant, other: Tenant): Promise<Outcome> {
    const sql = 'select tenant_id from candidate';
    const { rows } = await this.pool.query<{ tenant_id: string }>(sql);
    const named = await this.pool.query('select tenant_id from candidate where tenant_id = $1', [other.id]);
    const control = await this.others.as(other, async () => (await this.pool.query(sql)).rows.length);
    const foreignRows = rows.filter(({ tenant_id: id }) => id !== own.id).length + named.rows.length;
    return {
      request: `${sql}\n${sql} where tenant_id = <the other>`,
      answer: `${rows.length} rows, ${foreignRows} of them of others\n${named.rows.length} rows`,
      refusedBy: foreignRows === 0 ? 'floor' : null,
      foreignRows,
      control: { says: `for the other company the same SQL finds ${control} rows`, holds: control > 0 },
    };
  }
}
