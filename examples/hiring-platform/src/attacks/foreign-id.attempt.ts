import { Injectable } from '@nestjs/common';
import type { Tenant } from '@tenancy/core';
import { InjectTenantPrisma } from '@tenancy/prisma';
import type { TenantPrisma } from '../database/tenant-prisma.js';
import { type Attempt, type Outcome } from './attempt.js';
import { OtherCompany } from './other-company.js';

@Injectable()
export class ForeignIdAttempt implements Attempt {
  readonly id = 'foreign-id';
  readonly title = 'A foreign id';
  readonly does =
    "Asks the ORM for a candidate of the other company, by its id, and then for all that are the other's.";

  constructor(
    @InjectTenantPrisma() private readonly prisma: TenantPrisma,
    private readonly others: OtherCompany,
  ) {}

  async run(_own: Tenant, other: Tenant): Promise<Outcome> {
    const { candidates } = await this.others.idsOf(other);
    const [id = ''] = candidates;
    const one = await this.prisma.candidate.findUnique({ where: { id } });
    const all = await this.prisma.candidate.findMany({ where: { tenantId: other.id } }).then(
      (rows) => ({ rows: rows.length, said: `${rows.length} rows` }),
      (error: { readonly code?: string }) => ({ rows: 0, said: `refused: ${error.code}` }),
    );
    const foreignRows = (one ? 1 : 0) + all.rows;
    return {
      request: `candidate.findUnique({ where: { id: <of the other> } })\ncandidate.findMany({ where: { tenantId: <the other> } })`,
      answer: `${one ? 'the candidate' : 'null'}\n${all.said}`,
      refusedBy: foreignRows === 0 ? 'scope' : null,
      foreignRows,
      control: {
        says: `the other company itself finds ${candidates.length} candidates`,
        holds: candidates.length > 0,
      },
    };
  }
}
