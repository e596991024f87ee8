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

  override async findByDomain(customDomain: string): Promise<Tenant | null> {
    return toTenant(await this.prisma.company.findUnique({ where: { customDomain } }));
  }
}

function toTenant(company: Company | null): Tenant | null {
  return company && { id: company.id, slug: company.slug, name: company.name, status: company.status };
}
