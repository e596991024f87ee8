import { Injectable } from '@nestjs/common';
import { type Tenant, TenantRegistry } from '@tenancy/core';
import type { Company } from '../generated/client.js';
import { AdminPrisma } from './admin-prisma.js';

declare module '@tenancy/core' {
  interface Register {
    tenant: { name: string };
  }
}

/** The companies, as @tenancy asks for them. */
@Injectable()
export class CompanyRegistry extends TenantRegistry {
  constructor(private readonly prisma: AdminPrisma) {
    super();
  }

  async findById(id: string): Promise<Tenant | null> {
    return toTenant(await this.prisma.company.findUnique({ where: { id } }));
  }

  async findBySlug(slug: string): Promise<Tenant | null> {
    return toTenant(await this.prisma.company.findUnique({ where: { slug } }));
  }

  /** Page by page: there may be many. */
  override async *list(): AsyncIterable<Tenant> {
    for (let last = ''; ; ) {
      const page = await this.prisma.company.findMany({
        where: { id: { gt: last } },
        orderBy: { id: 'asc' },
        take: PAGE,
      });
      for (const company of page) yield toTenant(company);
      if (page.length < PAGE) return;
      last = page.at(-1)?.id ?? last;
    }
  }

  override async findByDomain(customDomain: string): Promise<Tenant | null> {
    return toTenant(await this.prisma.company.findUnique({ where: { customDomain } }));
  }
}

const PAGE = 500;

function toTenant<C extends Company | null>(company: C): Tenant | (C & null) {
  return company && { id: company.id, slug: company.slug, name: company.name, status: company.status };
}
