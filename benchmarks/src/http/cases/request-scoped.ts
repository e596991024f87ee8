import { Controller, Get, Inject, Injectable, Module, Scope } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import type { HttpCase } from '../case.js';
import { row, tenantIdOf } from '../workload.js';

@Injectable({ scope: Scope.REQUEST })
class RequestTenant {
  readonly id: string;

  constructor(@Inject(REQUEST) request: { readonly headers: { readonly host?: string } }) {
    this.id = tenantIdOf(request.headers.host);
  }
}

@Controller('jobs')
class JobsController {
  readonly #tenant: RequestTenant;

  constructor(@Inject(RequestTenant) tenant: RequestTenant) {
    this.#tenant = tenant;
  }

  @Get('1')
  one() {
    return row(this.#tenant.id);
  }
}

@Module({ controllers: [JobsController], providers: [RequestTenant] })
class RequestScopedModule {}

/** A request-scoped provider that holds the tenant, so that a controller is built for every request. */
export const requestScoped: HttpCase = { ownTenant: true, module: RequestScopedModule };
