import { type CanActivate, Controller, type ExecutionContext, Get, Injectable, UseGuards } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { SkipThrottle, Throttle, ThrottlerModule, type ThrottlerModuleOptions } from '@nestjs/throttler';
import {
  fromRequest,
  fromSubdomain,
  InMemoryTenantRegistry,
  TenancyModule,
  type TenantSource,
  Untenanted,
} from '../../src/index.js';
import { byTenant, TenantThrottlerGuard } from '../../src/throttler.js';
import { type AdapterName, call, type Server, serve } from '../server.js';

/** Six tenants, of which the first has a better plan, and ids that could be taken for one another's. */
export const slugs = ['one', 'two', 'three', 'four', 'five', 'six'] as const;
const ids: Readonly<Record<string, string>> = { three: 'a', four: 'a/n', five: 'a%2Fn', six: 'A' };
export const tenants = slugs.map((slug) => ({
  id: ids[slug] ?? `t_${slug}`,
  slug,
  plan: slug === 'one' ? 'big' : 'small',
}));

export const planOf = (tenant: object) => (tenant as { readonly plan: string }).plan;

/** Finds the user, as Passport would. */
@Injectable()
export class UserGuard implements CanActivate {
  canActivate(context: ExecutionContext) {
    const request = context.switchToHttp().getRequest();
    const [tenantId, id] = String(request.headers['x-user'] ?? '').split(':');
    if (tenantId) request.user = { tenantId, id };
    return true;
  }
}

@Controller()
class LimitedController {
  @Get('jobs')
  jobs() {
    return 'jobs';
  }

  @Get('candidates')
  candidates() {
    return 'candidates';
  }

  @Get('export')
  @Throttle({ default: { limit: byTenant((tenant) => (planOf(tenant) === 'big' ? 4 : 2), 1), ttl: 60_000 } })
  export() {
    return 'export';
  }

  @Get('free')
  @SkipThrottle()
  free() {
    return 'free';
  }

  @Get('health')
  @Untenanted()
  health() {
    return 'health';
  }

  @Get('guarded')
  @SkipThrottle({ default: true })
  @UseGuards(UserGuard)
  guarded() {
    return 'guarded';
  }
}

const bySubdomain = [fromSubdomain({ baseDomain: 'app.example.com' })];
export const afterGuards = [
  fromRequest((request) => (request['user'] as { tenantId: string } | undefined)?.tenantId, { after: 'guards' }),
];

/** An application with limits; its own guards come before ours, in the order of its providers (X7). */
export const serveLimited = (
  adapter: AdapterName,
  limits: ThrottlerModuleOptions,
  sources: readonly TenantSource[] = bySubdomain,
): Promise<Server> =>
  serve(adapter, {
    imports: [
      TenancyModule.forRoot({ registry: new InMemoryTenantRegistry(tenants), sources }),
      ThrottlerModule.forRoot(limits),
    ],
    controllers: [LimitedController],
    providers: [
      { provide: APP_GUARD, useClass: UserGuard },
      { provide: APP_GUARD, useClass: TenantThrottlerGuard },
    ],
  });

export const statuses = async (
  server: Server,
  asked: readonly (readonly [slug: string, path: string, user?: string])[],
) => {
  const replies = await Promise.all(
    asked.map(([slug, path, user]) =>
      call(server, `${slug}.app.example.com`, path, { headers: user === undefined ? {} : { 'x-user': user } }),
    ),
  );
  return replies.map(({ status }) => status);
};
