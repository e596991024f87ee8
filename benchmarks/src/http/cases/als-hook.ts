import { AsyncLocalStorage } from 'node:async_hooks';
import { type CanActivate, Controller, Get, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
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

class OpenGuard implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

@Module({ controllers: [JobsController], providers: [{ provide: APP_GUARD, useClass: OpenGuard }] })
class AlsHookAndGuardModule {}

const hook = (request: Request, _response: unknown, next: Next) =>
  storage.run({ tenantId: tenantIdOf(request.headers.host) }, next);

/** The least that any AsyncLocalStorage can cost: nothing is parsed, looked up, checked or refused. */
export const alsHook: HttpCase = {
  ownTenant: true,
  module: AlsHookModule,
  prepare(adapter, name) {
    if (name === 'express') adapter.getInstance<ExpressInstance>().use(hook);
    else adapter.getInstance<FastifyInstance>().addHook('onRequest', hook);
  },
};

/**
 * The least that an entrance can cost which is there before everything else and refuses at the guard: the same in the
 * hook that Nest keeps for it, and a global guard that lets everything pass.
 */
export const alsHookAndGuard: HttpCase = {
  ownTenant: true,
  module: AlsHookAndGuardModule,
  prepare: (adapter) => adapter.setOnRequestHook?.(hook),
};
