import { Agent } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { INestApplication, ModuleMetadata } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { fromSubdomain, InMemoryTenantRegistry, TenancyModule, type Tenant, type TenantSource } from '@tenancy/core';
import { Client } from './client.js';
import type { Start } from './row.js';

export const adapters = ['express', 'fastify'] as const;
export type AdapterName = (typeof adapters)[number];

export interface Running {
  readonly app: INestApplication;
  client(tenant: Tenant): Client;
  close(): Promise<void>;
}

export interface Application {
  readonly metadata: ModuleMetadata;
  /** Beside the subdomain. */
  readonly sources?: readonly TenantSource[];
  /** Before it listens. */
  prepare?(app: INestApplication, start: Start): unknown;
  /** Once it listens, and before any request. */
  started?(start: Start): unknown;
}

/** A real application of `tenants` on a real port of the loopback interface. */
export async function run(
  adapter: AdapterName,
  tenants: readonly Tenant[],
  { metadata, sources = [], prepare, started }: Application,
): Promise<Running> {
  const tenancy = TenancyModule.forRoot({
    registry: new InMemoryTenantRegistry(tenants),
    sources: [fromSubdomain({ baseDomain: 'localhost' }), ...sources],
  });
  const module = await Test.createTestingModule({
    ...metadata,
    imports: [tenancy, ...(metadata.imports ?? [])],
  }).compile();
  const app = module.createNestApplication(adapter === 'express' ? new ExpressAdapter() : new FastifyAdapter(), {
    logger: false,
  });
  const closing: (() => unknown)[] = [];
  const start: Start = { app, later: (close) => closing.unshift(close) };
  await prepare?.(app, start);
  await app.listen(0, '127.0.0.1');
  await started?.(start);
  const { port } = app.getHttpServer().address() as AddressInfo;
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  return {
    app,
    client: (tenant) => new Client(tenant, port, agent),
    close: async () => {
      agent.destroy();
      for (const close of closing) await close();
      await app.close();
    },
  };
}
