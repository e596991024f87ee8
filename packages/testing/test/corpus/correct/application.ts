import { type DynamicModule, Injectable, Module, NotFoundException } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import {
  fromJwt,
  fromSubdomain,
  InMemoryTenantRegistry,
  TenancyModule,
  type Tenant,
  TenantContext,
} from '@tenancy/core';
import pg from 'pg';
import type { HttpAnswer, IsolationHarnessOptions, Planted, Seeding, TenantClient } from '../../../src/index.js';
import type { ProofOptions } from '../../../src/proof/proof-options.js';
import { acme, globex, SECRET, SignedInGuard, tokenOf } from '../hiring-application.js';
import type { Parts } from '../leak.js';

// biome-ignore lint/suspicious/noExplicitAny: each query and each seed has columns of its own, and who calls it knows them.
export type Rows = any;

/** A small application that keeps its tenants apart, as teams write them. Its proof must accuse nothing. */
export interface Application extends Parts, Pick<ProofOptions, 'examples' | 'exempt'> {
  /** As one would tell a colleague: `tickets with serial ids`. */
  readonly name: string;
  /** Its tables, and the rows that all tenants share. */
  readonly schema?: string;
  /** @defaultValue everybody who has no token is refused, except where there is no tenant */
  readonly guards?: Parts['providers'];
  /** Plants rows, through `db` as a fixture would, or through the application. */
  seed(tenant: Tenant, seeding: Seeding & { readonly db: Db }): Planted | Promise<Planted>;
  /** False where the host alone says whose request it is. */
  readonly signsIn?: false;
  /** Options of its harness, beside those that all have. */
  readonly harness?: Partial<Omit<IsolationHarnessOptions, 'tenants' | 'seed'>>;
  /** True when its test says how rows are removed, as some do. */
  readonly cleans?: boolean;
  /** Requests of its own that must be answered, by hand. */
  works(client: TenantClient, rows: Rows): readonly Promise<HttpAnswer>[] | Promise<readonly HttpAnswer[]>;
}

/** The application's database: hand-written SQL, with its tenant in it. */
@Injectable()
export class Db {
  constructor(
    readonly pool: pg.Pool,
    private readonly tenants: TenantContext,
  ) {}

  get tenantId(): string {
    return this.tenants.tenantId;
  }

  async many<R = Rows>(sql: string, ...values: readonly unknown[]): Promise<R[]> {
    return (await this.pool.query(sql, [...values])).rows as R[];
  }

  /** @throws NotFoundException when there is none. */
  async one<R = Rows>(sql: string, ...values: readonly unknown[]): Promise<R> {
    const [row] = await this.many<R>(sql, ...values);
    if (!row) throw new NotFoundException();
    return row;
  }
}

@Module({})
class CorrectModule {}

export function moduleOf(application: Application, pool: pg.Pool): DynamicModule {
  const { controllers = [], providers = [], imports = [], guards } = application;
  const sources = application.sources ?? [fromSubdomain({ baseDomain: 'localhost' }), fromJwt({ secret: SECRET })];
  return {
    module: CorrectModule,
    global: true,
    imports: [
      TenancyModule.forRoot({
        registry: new InMemoryTenantRegistry(
          [acme, globex].map((tenant) => ({ ...tenant, domains: [`memos.${tenant.slug}-company.test`] })),
        ),
        sources: [...sources],
      }),
      ...imports,
    ],
    controllers: [...controllers],
    providers: [
      { provide: pg.Pool, useValue: pool },
      Db,
      ...(guards ?? [{ provide: APP_GUARD, useClass: SignedInGuard }]),
      ...providers,
    ],
    exports: [pg.Pool, Db],
  };
}

export { acme, globex, SECRET, tokenOf };
