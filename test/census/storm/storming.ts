import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  Controller,
  Get,
  Inject,
  Injectable,
  type ModuleMetadata,
  Post,
  Query,
  Req,
  StreamableFile,
  UseGuards,
} from '@nestjs/common';
import { AuthGuard, PassportModule, PassportStrategy } from '@nestjs/passport';
import { TenantContext } from '@tenancy/core';
import type { TenantPool } from '@tenancy/postgres';
import { createCache } from 'cache-manager';
import { ExtractJwt, Strategy as JwtStrategy } from 'passport-jwt';
import { Strategy as LocalStrategy } from 'passport-local';

export const SECRET = 'a secret that only this storm knows';

/** Every tenant id that a request came upon on its way, as its answer says. */
export interface Answer {
  readonly tenants: readonly string[];
}

interface SignedIn {
  session: { tenantId?: string };
  visitor: { tenantId?: string };
  user: { tenantId: string };
}

/** Whoever a strategy finds, it found for the tenant of this request. */
@Injectable()
class Local extends PassportStrategy(LocalStrategy) {
  constructor(@Inject(TenantContext) private readonly context: TenantContext) {
    super();
  }

  async validate(): Promise<SignedIn['user']> {
    await sleep(1);
    return { tenantId: this.context.tenantId };
  }
}

@Injectable()
class Jwt extends PassportStrategy(JwtStrategy) {
  constructor(@Inject(TenantContext) private readonly context: TenantContext) {
    super({ jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(), secretOrKey: SECRET });
  }

  async validate(): Promise<SignedIn['user']> {
    await sleep(1);
    return { tenantId: this.context.tenantId };
  }
}

@Injectable()
export class Jobs {
  /** Everybody's, with the tenant in each key. */
  readonly #cache = createCache({ ttl: 20 });

  constructor(
    @Inject('POOL') private readonly pool: TenantPool,
    @Inject(TenantContext) private readonly context: TenantContext,
  ) {}

  async owners(pause = 0): Promise<string[]> {
    const { rows } = await this.pool.query<{ tenant_id: string }>('select tenant_id, pg_sleep($1) from job', [pause]);
    return rows.map((row) => row.tenant_id);
  }

  async inTransaction(): Promise<string[]> {
    const client = await this.pool.connect();
    try {
      await client.query('begin');
      await client.query("update job set title = title || '!' where id = 1");
      const { rows } = await client.query<{ tenant_id: string }>('select tenant_id from job');
      await client.query('commit');
      return rows.map((row) => row.tenant_id);
    } finally {
      client.release();
    }
  }

  cached(): Promise<string[]> {
    return this.#cache.wrap(`${this.context.tenantId} owners`, () => this.owners());
  }
}

@Controller()
export class StormController {
  constructor(
    @Inject(Jobs) private readonly jobs: Jobs,
    @Inject(TenantContext) private readonly context: TenantContext,
  ) {}

  @UseGuards(AuthGuard('local'))
  @Post('sign-in')
  signIn(@Req() { session, visitor, user }: SignedIn): Answer {
    const { tenantId } = this.context;
    session.tenantId = tenantId;
    visitor.tenantId = tenantId;
    return { tenants: [user.tenantId, tenantId] };
  }

  @UseGuards(AuthGuard('jwt'))
  @Get('jobs')
  async list(@Req() { session, visitor, user }: SignedIn, @Query('how') how: string): Promise<Answer> {
    const before = this.context.tenantId;
    const rows = await this.#rows(how);
    if (rows.length === 0) throw new Error('No rows.');
    const kept = [session.tenantId ?? 'no session', visitor.tenantId ?? 'no visitor'];
    return { tenants: [before, user.tenantId, ...kept, ...rows, this.context.tenantId] };
  }

  @UseGuards(AuthGuard('jwt'))
  @Get('stream')
  stream(): StreamableFile {
    const { jobs, context } = this;
    const parts = async function* () {
      yield '{"tenants":[';
      for (const tenant of await jobs.owners()) yield `"${tenant}",`;
      await sleep(1);
      yield `"${context.tenantId}"]}`;
    };
    return new StreamableFile(Readable.from(parts(), { objectMode: false }), { type: 'application/json' });
  }

  #rows(how: string): Promise<string[]> {
    switch (how) {
      case 'cached':
        return this.jobs.cached();
      case 'slow':
        return this.jobs.owners(0.002);
      case 'transaction':
        return this.jobs.inTransaction();
      default:
        return this.jobs.owners();
    }
  }
}

/** The application of the storm, over `pool`; each adapter brings its own uploads. */
export const storming = (pool: TenantPool, uploads: NonNullable<ModuleMetadata['controllers']>): ModuleMetadata => ({
  imports: [PassportModule],
  controllers: [StormController, ...uploads],
  providers: [Local, Jwt, Jobs, { provide: 'POOL', useValue: pool }],
});
