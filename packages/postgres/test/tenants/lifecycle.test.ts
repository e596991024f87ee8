import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Module, Scope } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { fromSubdomain, TenancyModule, TenantContext } from '@tenancy/core';
import { OnTenant, type TenantEvent, TenantLifecycleModule } from '@tenancy/core/lifecycle';
import { createDatabase } from '@tenancy/testing/postgres';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { TenantDirectory } from '../../src/tenants.js';

let database: Awaited<ReturnType<typeof createDatabase>>;
let directory: TenantDirectory;
const apps: { close(): Promise<void> }[] = [];
let heard: string[];
let failing: string | null;

beforeAll(async () => {
  database = await createDatabase(inject('postgresUrl'));
  directory = new TenantDirectory({ connection: database.url });
  await directory.install();
});
beforeEach(() => {
  heard = [];
  failing = null;
});
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
});
afterAll(async () => {
  await directory.close();
  await database.stop();
});

/** A service as an application has it. */
@Injectable()
class Billing {
  readonly #context = new TenantContext();

  @OnTenant(['created', 'suspended', 'renamed'])
  async follow({ tenantId, kind }: TenantEvent) {
    await sleep(1);
    if (tenantId === failing) throw new Error('away');
    const tenant = this.#context.current();
    heard.push(`${tenant.id === tenantId ? tenant.slug : 'another'} ${kind}`);
  }

  @OnTenant('deleted', { name: 'billing, closed' })
  close({ tenantId }: TenantEvent) {
    heard.push(`${tenantId} ${this.#context.isActive() ? 'inside' : 'outside'}`);
  }
}

const start = async (providers = [Billing] as never[], every = 60_000) => {
  class Application {}
  Module({
    imports: [
      TenancyModule.forRoot({ registry: directory, sources: [fromSubdomain({ baseDomain: 'app.test' })] }),
      TenantLifecycleModule.forRoot({ every }),
    ],
    providers,
  })(Application);
  const app = await NestFactory.createApplicationContext(Application, { logger: false, abortOnError: false });
  apps.push(app);
  return app;
};
/** Waits until as many were heard. */
const heardAll = async (count: number) => {
  for (const end = Date.now() + 5_000; heard.length < count && Date.now() < end; ) await sleep(10);
  return heard;
};

describe('@OnTenant', () => {
  it('N27: hears of what happens to a tenant, in its context and in order, once over all processes', async () => {
    await Promise.all([start(), start()]);
    const { id } = await directory.create({ slug: 'acme' });
    await directory.rename(id, 'acme-labs');
    await directory.suspend(id);
    expect(await heardAll(3)).toEqual(['acme-labs created', 'acme-labs renamed', 'acme-labs suspended']);
    await sleep(300);
    expect(heard).toHaveLength(3);
  });

  it('goes on with what happened while no process was there', async () => {
    const app = await start();
    await sleep(200);
    apps.length = 0;
    await app.close();
    await directory.create({ slug: 'globex' });
    expect(heard).toEqual([]);
    await start();
    expect(await heardAll(1)).toEqual(['globex created']);
  });

  it('is called again for one that failed, and meanwhile for other tenants', async () => {
    await start();
    const { id } = await directory.create({ slug: 'failing', status: 'provisioning' });
    failing = id;
    await directory.turn(id, { from: ['provisioning'], to: 'active', event: 'created' });
    await directory.create({ slug: 'other' });
    expect(await heardAll(1)).toEqual(['other created']);
    failing = null;
    expect(await heardAll(2)).toEqual(['other created', 'failing created']);
  });

  it('of a tenant that is gone it hears outside of every tenant', async () => {
    await start();
    const { id } = await directory.create({ slug: 'gone' });
    await heardAll(1);
    await directory.turn(id, { from: ['active'], to: 'deleted', event: 'deleted' });
    expect(await heardAll(2)).toEqual(['gone created', `${id} outside`]);
  });

  it('refuses at the start what could not be called', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Scoped {
      @OnTenant('created')
      hear() {}
    }
    class Other extends Billing {}
    Object.defineProperty(Other, 'name', { value: 'Billing' });
    await expect(start([Scoped] as never[])).rejects.toThrow(/tenancy_misconfigured.*made for each request/s);
    await expect(start([Billing, Other] as never[])).rejects.toThrow(/tenancy_misconfigured.*is the second one/s);
    expect(() => OnTenant('create' as 'created')).toThrow(/tenancy_misconfigured.*"create"/s);
    expect(() => OnTenant([])).toThrow(/tenancy_misconfigured/);
    for (const every of [0, -1, 1.5, '5', null]) {
      expect(() => TenantLifecycleModule.forRoot({ every: every as number })).toThrow(/tenancy_misconfigured/);
    }
    expect(() => TenantLifecycleModule.forRoot({ source: {} as never })).toThrow(
      /tenancy_misconfigured.*delivers no events/s,
    );
  });
});
