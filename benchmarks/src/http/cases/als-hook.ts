import { AsyncLocalStorage } from 'node:async_hooks';
import { Controller, Get, Module } from '@nestjs/common';
import type { HttpCase } from '../case.js';
import { row, tenantIdOf } from '../workload.js';

type Next = () => void;
interface Request {
  readonly headers: { readonly host?: string };
}
interface ExpressInstance {
  use(middleware: (request: Request, response: unknown, next: Next) => void): void;
}
interface FastifyInstance {
  addHook(name: 'onRequest', hook: (request: Request, reply: unknown, next: Next) => void): void;
}

const storage = new AsyncLocalStorage<{ readonly tenantId: string }>();

@Controller('jobs')
class JobsController {
  @Get('1')
  one() {
    return row(storage.getStore()?.tenantId ?? '');
  }
}

@Module({ controllers: [JobsController] })
class AlsHookModule {}

/** The least that any AsyncLocalStorage can cost: nothing is parsed, looked up, checked or refused. */
export const alsHook: HttpCase = {
  ownTenant: true,
  module: AlsHookModule,
  prepare(adapter, name) {
    const hook = (request: Request, _response: unknown, next: Next) =>
      storage.run({ tenantId: tenantIdOf(request.headers.host) }, next);
    if (name === 'express') adapter.getInstance<ExpressInstance>().use(hook);
    else adapter.getInstance<FastifyInstance>().addHook('onRequest', hook);
  },
};
