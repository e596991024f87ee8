import { Controller, Get, Inject, Module } from '@nestjs/common';
import {
  fromJwt,
  fromSubdomain,
  InMemoryTenantRegistry,
  TenancyModule,
  TenantContext,
  type TenantSource,
} from '@tenancy/core';
import type { HttpCase } from '../case.js';
import { BASE_DOMAIN, companies, row, SECRET, TENANTS } from '../workload.js';

@Controller('jobs')
class JobsController {
  readonly #context: TenantContext;

  constructor(@Inject(TenantContext) context: TenantContext) {
    this.#context = context;
  }

  @Get('1')
  one() {
    return row(this.#context.tenantId);
  }
}

/** As the README mounts it: sources, cached registry, agreement, and the guard that refuses what has no tenant. */
const tenancy = (sources: readonly TenantSource[], tenants = TENANTS): HttpCase => {
  const registry = new InMemoryTenantRegistry(companies(tenants));
  @Module({
    // As many are remembered as there are, and for longer than a sample takes.
    imports: [TenancyModule.forRoot({ registry, sources, cache: { max: Math.max(tenants, 10_000), ttl: 600_000 } })],
    controllers: [JobsController],
  })
  class TenancyAppModule {}
  return { ownTenant: true, module: TenancyAppModule };
};

export const subdomain = tenancy([fromSubdomain({ baseDomain: BASE_DOMAIN })]);

export const subdomainOf = (tenants: number) => tenancy([fromSubdomain({ baseDomain: BASE_DOMAIN })], tenants);

export const subdomainAndJwt = tenancy([fromSubdomain({ baseDomain: BASE_DOMAIN }), fromJwt({ secret: SECRET })]);
