import { Inject, Injectable, Module, type OnModuleInit } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { PrismaPg } from '@prisma/adapter-pg';
import { InMemoryTenantRegistry, TenancyModule, TenantContext } from '@tenancy/core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { getTenantPrismaToken, InjectTenantPrisma, TenantPrismaModule, type TenantScopedClient } from '../src/index.js';
import { type HiringDatabase, interleaved, openHiringDatabase, tenants } from './database/hiring-database.js';
import { PrismaClient } from './generated/client.js';

let db: HiringDatabase;
beforeAll(async () => {
  db = await openHiringDatabase();
  await db.seed();
});
afterAll(() => db.stop());

@Injectable()
class Jobs {
  constructor(
    @InjectTenantPrisma() readonly prisma: TenantScopedClient<PrismaClient>,
    @Inject(TenantContext) readonly context: TenantContext,
  ) {}
}

const tenancy = TenancyModule.forRoot({
  registry: new InMemoryTenantRegistry([...tenants]),
  sources: [{ name: 'none', identify: () => null }],
});
const client = () => new PrismaClient({ adapter: new PrismaPg(db.pool) });

describe('TenantPrismaModule without forRoot', () => {
  it.each(['before', 'behind'])('says what to write, %s the modules that need it', async (place) => {
    vi.resetModules();
    // As in a process where nobody has called forRoot.
    const { TenantPrismaModule: Unregistered } = await import('../src/index.js');
    @Module({ providers: [Jobs] })
    class JobsModule {}
    const imports = place === 'before' ? [Unregistered, JobsModule] : [JobsModule, Unregistered];
    await expect(Test.createTestingModule({ imports: [tenancy, ...imports] }).compile()).rejects.toThrow(
      /^scope_misconfigured: TenantPrismaModule: it is imported without options.+`TenantPrismaModule\.forRoot\(/,
    );
  });
});

/** As in most applications that use Prisma with Nest. */
class PrismaService extends PrismaClient implements OnModuleInit {
  readonly label = 'service';
  readonly held = { client: this };
  readonly arrow = () => this.job.count();

  constructor() {
    super({ adapter: new PrismaPg(db.pool) });
  }

  async onModuleInit() {
    await this.$connect();
  }

  countOf(title: string) {
    return this.job.count({ where: { title } });
  }

  get everything() {
    return this.job.findMany();
  }
}

@Injectable()
class Reports {
  constructor(@Inject(PrismaService) readonly prisma: PrismaService) {}
}

describe('TenantPrismaModule', () => {
  it("prisma-11, prisma-21: services keep injecting the application's own class, and its methods run scoped", async () => {
    @Module({
      imports: [
        tenancy,
        TenantPrismaModule.forRootAsync({ useFactory: () => ({ prisma: new PrismaService(), shared: ['Country'] }) }),
      ],
      providers: [{ provide: PrismaService, useExisting: getTenantPrismaToken() }, Reports],
    })
    class AppModule {}
    const app = await Test.createTestingModule({ imports: [AppModule] }).compile();
    await app.init();
    const { prisma } = app.get(Reports);
    await interleaved(app.get(TenantContext), async ({ id }) => {
      expect(await prisma.countOf('job 1')).toBe(1);
      expect(new Set((await prisma.everything).map(({ tenantId }) => tenantId))).toEqual(new Set([id]));
      expect(prisma.label).toBe('service');
      const extended = prisma.$extends({ client: { $hello: () => 'hello' } }) as unknown as PrismaService;
      expect(await extended.countOf('job 1')).toBe(1);
    });
    await expect(prisma.countOf('job 1')).rejects.toMatchObject({ code: 'tenant_context_missing' });
    for (const field of ['held', 'arrow'] as const) {
      expect(() => prisma[field]).toThrow(expect.objectContaining({ code: 'scope_refused' }));
    }
    await app.close();
  });

  const modules = {
    forRoot: () => TenantPrismaModule.forRoot({ prisma: client(), shared: ['Country'] }),
    forRootAsync: () =>
      TenantPrismaModule.forRootAsync({ useFactory: () => ({ prisma: client(), shared: ['Country'] }) }),
  };

  it.each(Object.entries(modules))('%s provides the scoped client: own rows, and no others', async (_name, module) => {
    @Module({ imports: [tenancy, module()], providers: [Jobs] })
    class AppModule {}
    const app = await Test.createTestingModule({ imports: [AppModule] }).compile();
    await app.init();
    const { prisma, context } = app.get(Jobs);
    await interleaved(context, async ({ id }) => {
      const jobs = await prisma.job.findMany({ include: { candidates: true } });
      expect(jobs).toHaveLength(3);
      expect(jobs.every((job) => job.tenantId === id && job.candidates.every((each) => each.tenantId === id))).toBe(
        true,
      );
    });
    await expect(prisma.job.findMany()).rejects.toMatchObject({ code: 'tenant_context_missing' });
    await app.close();
  });

  it.each([undefined, 'other'])(
    "without forRoot beside one that is registered as %s is in nobody's way",
    async (name) => {
      @Module({ imports: [TenantPrismaModule] })
      class FeatureModule {}
      const registered = TenantPrismaModule.forRoot({
        ...{ prisma: client(), shared: ['Country'], isGlobal: false },
        ...(name !== undefined && { name }),
      });
      const app = await Test.createTestingModule({ imports: [FeatureModule, tenancy, registered] }).compile();
      expect(app.get(getTenantPrismaToken(name), { strict: false })).toBeDefined();
      await app.close();
    },
  );

  it('several of them live side by side under names', async () => {
    @Module({
      imports: [
        tenancy,
        TenantPrismaModule.forRoot({ prisma: client(), shared: ['Country'] }),
        TenantPrismaModule.forRootAsync({
          name: 'reports',
          useFactory: () => ({ prisma: client(), shared: ['Country'] }),
        }),
      ],
    })
    class AppModule {}
    const app = await Test.createTestingModule({ imports: [AppModule] }).compile();
    const [usual, reports] = [undefined, 'reports'].map((name) =>
      app.get<object>(getTenantPrismaToken(name), { strict: false }),
    );
    expect(usual).not.toBe(reports);
    expect(Object.keys(usual ?? {})).toEqual(Object.keys(reports ?? {}));
    await app.close();
  });

  it('disconnects when the application ends', async () => {
    let disconnected = 0;
    const prisma = client();
    prisma.$disconnect = async () => void (disconnected += 1);
    const build = (module: ReturnType<(typeof modules)['forRoot']>) =>
      Test.createTestingModule({ imports: [tenancy, module] }).compile();
    const app = await build(TenantPrismaModule.forRoot({ prisma, shared: ['Country'] }));
    await app.init();
    await app.close();
    expect(disconnected).toBe(1);
  });

  it('fails when it is built without a client, or with what tenantScoped refuses', async () => {
    expect(() => TenantPrismaModule.forRoot({} as never)).toThrow(
      expect.objectContaining({ code: 'scope_misconfigured' }),
    );
    const unclassified = Test.createTestingModule({
      imports: [tenancy, TenantPrismaModule.forRoot({ prisma: client() })],
    });
    await expect(unclassified.compile()).rejects.toMatchObject({ code: 'scope_misconfigured' });
  });
});
