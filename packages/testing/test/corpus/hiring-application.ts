import {
  type CanActivate,
  type DynamicModule,
  type ExecutionContext,
  Injectable,
  Module,
  UnauthorizedException,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { JwtService } from '@nestjs/jwt';
import {
  fromJwt,
  fromSubdomain,
  InMemoryTenantRegistry,
  TenancyModule,
  type Tenant,
  verifiedPayload,
} from '@tenancy/core';
import type { Pool } from 'pg';
import type { Leak, Parts } from './leak.js';
import { POOL } from './tables.js';

export const acme: Tenant = { id: 't_acme', slug: 'acme' };
export const globex: Tenant = { id: 't_globex', slug: 'globex' };
export const SECRET = 'a secret of the corpus, long enough for anybody';

export const tokenOf = ({ id }: Tenant): string =>
  new JwtService({ secret: SECRET }).sign({ sub: `user of ${id}`, tenantId: id });

/** Lets nobody in who is not signed in, except where there is no tenant. */
@Injectable()
export class SignedInGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const kind = context.getType<'http' | 'graphql' | 'ws' | 'rpc'>();
    if (kind === 'ws' || kind === 'rpc') return true;
    const isPublic = [context.getHandler(), context.getClass()].some(
      (target) => Reflect.getMetadata('@tenancy/core:untenanted', target) === true,
    );
    const request = kind === 'http' ? context.getArgByIndex<object>(0) : context.getArgByIndex<{ req: object }>(2).req;
    if (!isPublic && !verifiedPayload(request)) throw new UnauthorizedException();
    return true;
  }
}

@Module({})
class HiringModule {}

const SOURCES = [fromSubdomain({ baseDomain: 'localhost' }), fromJwt({ secret: SECRET })];

/** A small application that hires people for its tenants. */
export function hiringApplication(
  pool: Pool,
  parts: Parts,
  tenants: readonly Tenant[] = [acme, globex],
): DynamicModule {
  const { controllers = [], providers = [], imports = [], sources = SOURCES } = parts;
  return {
    module: HiringModule,
    imports: [
      TenancyModule.forRoot({
        registry: new InMemoryTenantRegistry(tenants.map((tenant) => ({ ...tenant }))),
        sources: [...sources],
      }),
      ...imports,
    ],
    controllers: [...controllers],
    providers: [{ provide: POOL, useValue: pool }, { provide: APP_GUARD, useClass: SignedInGuard }, ...providers],
  };
}

/** The correct application with the leak in it. */
export function leakyParts(correct: Parts, { leaky }: Leak): Parts {
  return { ...correct, ...leaky, providers: [...(correct.providers ?? []), ...(leaky.providers ?? [])] };
}
