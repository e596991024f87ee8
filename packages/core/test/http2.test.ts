import { connect } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { Body, Controller, Get, Post } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { expect, it } from 'vitest';
import { fromSubdomain, TenancyModule, TenantContext } from '../src/index.js';
import { testRegistry } from './server.js';

@Controller('who')
class WhoController {
  @Get()
  who() {
    return { id: new TenantContext().tenantId };
  }

  @Post()
  post(@Body() body: { text: string }) {
    return { id: new TenantContext().tenantId, text: body.text };
  }
}

it('HTTP/2: the authority names the tenant, for streams of several tenants on one connection', async () => {
  const module = await Test.createTestingModule({
    controllers: [WhoController],
    imports: [
      TenancyModule.forRoot({ registry: testRegistry(), sources: [fromSubdomain({ baseDomain: 'localhost' })] }),
    ],
  }).compile();
  const app = module.createNestApplication(new FastifyAdapter({ http2: true }), { logger: false });
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  const session = connect(`http://127.0.0.1:${port}`);
  const ask = (headers: Record<string, string>, payload?: string) =>
    new Promise<string>((resolve, reject) => {
      const stream = session.request({ ':path': '/who', 'content-type': 'application/json', ...headers });
      let text = '';
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      stream.on('end', () => resolve(text)).on('error', reject);
      stream.end(payload);
    });
  try {
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, i) => {
        const slug = ['acme', 'globex'][i % 2];
        const authority = { ':authority': `${slug}.localhost:${port}` };
        return i % 4 < 2 ? ask(authority) : ask({ ...authority, ':method': 'POST' }, JSON.stringify({ text: slug }));
      }),
    );
    expect(answers.map((answer) => JSON.parse(answer).id)).toEqual(
      answers.map((_, i) => ['t_acme', 't_globex'][i % 2]),
    );
    for (const headers of [
      { ':authority': 'localhost' },
      { ':authority': 'nobody.localhost' },
      { ':authority': 'acme.localhost', host: 'globex.localhost' },
    ]) {
      expect(JSON.parse(await ask(headers)).message).toBe('tenant_required');
    }
  } finally {
    session.close();
    await app.close();
  }
});
