import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Get, Inject, Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { expect, it } from 'vitest';
import {
  CurrentTenant,
  fromJwt,
  fromSubdomain,
  TenancyModule,
  type Tenant,
  TenantContext,
  type TenantRegistry,
} from '../src/index.js';
import { adapters, SECRET, serve } from './server.js';

const TENANTS = 200;
const REQUESTS = 50;
const tenants = Array.from({ length: TENANTS }, (_, i): Tenant => ({ id: `t_${i}`, slug: `tenant-${i}` }));
const pause = () => sleep(Math.random() * 4);

/** A registry that takes its time, and forgets: entrances wait, overtake each other, and share look-ups. */
const slowRegistry: TenantRegistry = {
  findById: async (id) => pause().then(() => tenants.find((tenant) => tenant.id === id) ?? null),
  findBySlug: async (slug) => pause().then(() => tenants.find((tenant) => tenant.slug === slug) ?? null),
};

@Injectable()
class DeepService {
  constructor(@Inject(TenantContext) readonly context: TenantContext) {}
  async whoAmI(): Promise<string[]> {
    const ids = [this.context.tenantId];
    await pause();
    ids.push(this.context.tenantId);
    await new Promise((resolve) => setImmediate(resolve));
    ids.push(this.context.tenantId);
    return ids;
  }
}

@Controller()
class WhoController {
  constructor(@Inject(DeepService) readonly service: DeepService) {}
  @Get('who')
  async who(@CurrentTenant('id') id: string) {
    if (Math.random() < 0.5) await pause();
    return [id, ...(await this.service.whoAmI())];
  }
}

it.each(adapters)(
  `${TENANTS} tenants × ${REQUESTS} interleaved requests on %s: each gets its own tenant`,
  async (adapter) => {
    const server = await serve(adapter, {
      controllers: [WhoController],
      providers: [DeepService],
      imports: [
        TenancyModule.forRoot({
          registry: slowRegistry,
          cache: { ttl: 15, max: 50 },
          sources: [fromSubdomain({ baseDomain: 'localhost' }), fromJwt({ secret: SECRET })],
        }),
      ],
    });
    // Few connections for many tenants, so that each connection serves many of them.
    const agent = new Agent({ keepAlive: true, maxSockets: 64 });
    const jwt = new JwtService({ secret: SECRET });
    try {
      const ask = ({ id, slug }: Tenant, round: number) =>
        new Promise<string>((resolve, reject) => {
          const [host, token] =
            round % 3 === 0 ? ['localhost', id] : [`${slug}.localhost`, round % 3 === 1 ? id : null];
          const headers = { host, ...(token && { authorization: `Bearer ${jwt.sign({ tenantId: token })}` }) };
          request({ host: '127.0.0.1', port: server.port, path: '/who', agent, headers }, (response) => {
            let text = '';
            response.setEncoding('utf8').on('data', (chunk: string) => {
              text += chunk;
            });
            response.on('end', () => resolve(text)).on('error', reject);
          })
            .on('error', reject)
            .end();
        });
      const rounds = Array.from({ length: REQUESTS }, (_, round) =>
        tenants.map((tenant) => ({ tenant, round })),
      ).flat();
      const wrong: unknown[] = [];
      await Promise.all(
        rounds.map(async ({ tenant, round }) => {
          const answer = await ask(tenant, round);
          if (answer !== JSON.stringify(Array.from({ length: 4 }, () => tenant.id))) wrong.push([tenant.id, answer]);
        }),
      );
      expect(rounds).toHaveLength(TENANTS * REQUESTS);
      expect(wrong).toEqual([]);
    } finally {
      agent.destroy();
      await server.close();
    }
  },
);
