import { Injectable, NotFoundException } from '@nestjs/common';
import { type Tenant, TenantRegistry } from '@tenancy/core';
import { TenantAdmin } from '@tenancy/core/admin';
import { InjectTenantPrisma } from '@tenancy/prisma';
import { demoCompanies } from '../admin/demo-companies.js';
import { Sessions } from '../auth/sessions.js';
import type { TenantPrisma } from '../database/tenant-prisma.js';

/** The company that is attacked, and what an attacker would have to know of it. Only a demonstration knows that. */
@Injectable()
export class OtherCompany {
  constructor(
    @InjectTenantPrisma() private readonly prisma: TenantPrisma,
    private readonly registry: TenantRegistry,
    private readonly admin: TenantAdmin,
    private readonly sessions: Sessions,
  ) {}

  /** A company of the demonstration, and never that of somebody who signed up. */
  async of(own: Tenant): Promise<Tenant> {
    const id = demoCompanies.find((company) => company.id !== own.id)?.id;
    const other = id && (await this.registry.findById(id));
    if (!other) throw new NotFoundException();
    return other;
  }

  /** Runs `fn` as the other company: what the attempts are compared with. */
  as<R>({ id }: Tenant, fn: () => R): Promise<Awaited<R>> {
    return this.admin.runAs(id, { reason: 'the control of an attempt in the attack console' }, fn);
  }

  /** A token that the platform has signed, for a recruiter of the other company. */
  tokenOf(other: Tenant): Promise<string> {
    return this.as(other, async () => this.sessions.begin(await this.prisma.user.findFirstOrThrow()));
  }

  async idsOf(other: Tenant) {
    const ids = async (rows: PromiseLike<readonly { readonly id: string }[]>) => (await rows).map(({ id }) => id);
    const select = { id: true } as const;
    return this.as(other, async () => ({
      candidates: await ids(this.prisma.candidate.findMany({ select })),
      jobs: await ids(this.prisma.job.findMany({ select })),
      applications: await ids(this.prisma.application.findMany({ select })),
    }));
  }
}
