import {
  type CallHandler,
  Controller,
  type ExecutionContext,
  Get,
  Injectable,
  type ModuleMetadata,
  type NestInterceptor,
  Scope,
  UseInterceptors,
} from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import type { TenantPool } from '@tenancy/postgres';
import pg from 'pg';
import { Observable } from 'rxjs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { adapters, run } from './application.js';
import { openFloor } from './floor.js';
import { context } from './row.js';
import { urlOf } from './services.js';
import { tenants } from './tenants.js';

const REQUESTS = 27;

let pool: TenantPool;
let stop: () => Promise<void>;
/** One connection for everybody, whose callbacks run as whoever asked when it was busy. */
let shared: pg.Pool;
beforeAll(async () => {
  ({ pool, stop } = await openFloor(tenants, 4));
});
beforeEach(() => {
  shared = new pg.Pool({ connectionString: urlOf('PostgreSQL'), max: 1 });
});
afterAll(() => stop());

/** As whom the callbacks of the shared connection ran. */
const calledBackAs: { request: string; tenant: string }[] = [];

class LosingInterceptor implements NestInterceptor {
  intercept(host: ExecutionContext, next: CallHandler) {
    const { headers } = host.switchToHttp().getRequest<{ headers: { host: string } }>();
    return new Observable<unknown>((subscriber) => {
      shared.query('select 1', () => {
        calledBackAs.push({
          request: `t_${headers.host.split('.')[0]}`,
          tenant: context.isActive() ? context.tenantId : 'none',
        });
        next.handle().subscribe(subscriber);
      });
    });
  }
}

@Injectable({ scope: Scope.REQUEST })
class LosingForEachRequest extends LosingInterceptor {}

/** Raw SQL without a condition: what it answers is decided by the database alone. */
const tenantsOfRows = async () => {
  const { rows } = await pool.query<{ tenant_id: string }>('select distinct tenant_id from job');
  return { tenants: rows.map(({ tenant_id }) => tenant_id) };
};

@Controller()
class JobsController {
  @Get('row')
  list() {
    return tenantsOfRows();
  }
}

@Controller()
class HandlerController {
  @Get('row')
  @UseInterceptors(LosingInterceptor)
  list() {
    return tenantsOfRows();
  }
}
@Controller()
class HandlerForEachRequest {
  @Get('row')
  @UseInterceptors(LosingForEachRequest)
  list() {
    return tenantsOfRows();
  }
}
@UseInterceptors(new LosingInterceptor())
@Controller()
class ClassController extends JobsController {}

const shapes: Record<string, ModuleMetadata> = {
  'of a handler': { controllers: [HandlerController] },
  'of a handler, made for each request': { controllers: [HandlerForEachRequest] },
  'of a controller, given as an instance': { controllers: [ClassController] },
  'of all modules': {
    controllers: [JobsController],
    providers: [{ provide: APP_INTERCEPTOR, useClass: LosingInterceptor }],
  },
};

describe.each(adapters)(
  'core-2: on %s, an interceptor that goes on from the callback of a shared connection',
  (adapter) => {
    it.each(Object.entries(shapes))('%s: the handler reads the rows of its own tenant', async (_, metadata) => {
      calledBackAs.length = 0;
      const running = await run(adapter, tenants, { metadata });
      const asked = Array.from({ length: REQUESTS }, (_, i) => tenants[i % tenants.length] as (typeof tenants)[number]);
      const answers = await Promise.all(asked.map((tenant) => running.client(tenant).send('/row')));
      await running.close();
      await shared.end();
      expect(answers.map(({ body }) => body)).toEqual(asked.map(({ id }) => ({ tenants: [id] })));
      // The connection really brings others' contexts along.
      expect(calledBackAs).toHaveLength(REQUESTS);
      expect(calledBackAs.filter(({ request, tenant }) => tenant !== request).length).toBeGreaterThan(0);
    });
  },
);
