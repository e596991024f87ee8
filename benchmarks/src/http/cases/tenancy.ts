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
import { BASE_DOMAIN, companies, row, SECRET } from '../workload.js';

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
const tenancy = (sources: readonly TenantSource[]): HttpCase => {
  @Module({
    imports: [TenancyModule.forRoot({ registry: new InMemoryTenantRegistry(companies), sources })],
    controllers: [JobsController],
  })
  class TenancyAppModule {}
  return { ownTenant: true, module: TenancyAppModule };
};

export const subdomain = tenancy([fromSubdomain({ baseDomain: BASE_DOMAIN })]);

export const subdomainAndJwt = tenancy([fromSubdomain({ baseDomain: BASE_DOMAIN }), fromJwt({ secret: SECRET })]);
