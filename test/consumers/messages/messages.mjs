// Two services of whichever Nest is installed beside this file, written without decorators so that Node runs it as it is:
// `node messages.mjs <esm|cjs> <tcp|NATS URL>`. Says `held` at its end.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const [, , format, way] = process.argv;
const require = createRequire(import.meta.url);
const load = async (name) => (format === 'cjs' ? require(name) : await import(name));

await load('reflect-metadata');
const { Module } = await load('@nestjs/common');
const { NestFactory } = await load('@nestjs/core');
const { ClientsModule, EventPattern, MessagePattern, Transport } = await load('@nestjs/microservices');
const { Controller } = await load('@nestjs/common');
const { firstValueFrom, lastValueFrom } = await load('rxjs');
const { InMemoryTenantRegistry, TenancyModule, TenantContext } = await load('@tenancy/core');
const { TenantMicroservicesModule } = await load('@tenancy/core/microservices');

const acme = { id: 't_acme', slug: 'acme' };
const globex = { id: 't_globex', slug: 'globex' };
const context = new TenantContext();
const pattern = (name) => `consumer-${process.pid}.${name}`;
const told = [];

class Orders {
  async who(data) {
    await sleep(Math.random() * 3);
    return { data, tenant: context.tenantId };
  }
  sold(data) {
    told.push(`${data.of} ${context.tenantId}`);
  }
}
const described = (name) => Object.getOwnPropertyDescriptor(Orders.prototype, name);
MessagePattern(pattern('who'))(Orders.prototype, 'who', described('who'));
EventPattern(pattern('sold'))(Orders.prototype, 'sold', described('sold'));
Controller()(Orders);

const free = createServer().listen(0, '127.0.0.1');
await once(free, 'listening');
const { port } = free.address();
await new Promise((resolve) => free.close(resolve));
const transport =
  way === 'tcp'
    ? { transport: Transport.TCP, options: { host: '127.0.0.1', port } }
    : { transport: Transport.NATS, options: { servers: [way] } };

const tenancy = () =>
  TenancyModule.forRoot({
    registry: new InMemoryTenantRegistry([acme, globex]),
    sources: [{ name: 'none', identify: () => null }],
  });
const secret = 's'.repeat(32);
class Service {}
Module({ imports: [tenancy(), TenantMicroservicesModule.forRoot({ secret })], controllers: [Orders] })(Service);
const asking = (options) => {
  class Asking {}
  Module({
    imports: [
      tenancy(),
      TenantMicroservicesModule.forRoot(options),
      ClientsModule.register([{ name: 'ORDERS', ...transport }]),
    ],
  })(Asking);
  return NestFactory.createApplicationContext(Asking, { logger: false, abortOnError: false });
};
const service = await NestFactory.createMicroservice(Service, { ...transport, logger: false, abortOnError: false });
await service.listen();
const app = await asking({ secret });
const stranger = await asking({ secret: 'x'.repeat(32) });
const [orders, foreign] = [app, stranger].map((each) => each.get('ORDERS'));
const as = (tenant, fn) => context.run(tenant, fn);
const turns = Array.from({ length: 60 }, (_, i) => (i % 2 ? acme : globex));

const answers = await Promise.all(
  turns.map((tenant, i) =>
    as(tenant, async () => [await firstValueFrom(orders.send(pattern('who'), { i })), context.tenantId]),
  ),
);
assert.deepEqual(
  answers,
  turns.map(({ id }, i) => [{ data: { i }, tenant: id }, id]),
);
for (const tenant of turns) {
  await as(tenant, () => lastValueFrom(orders.emit(pattern('sold'), { of: tenant.id }), { defaultValue: null }));
}
while (told.length < 60) await sleep(5);
assert.deepEqual(told.toSorted(), turns.map(({ id }) => `${id} ${id}`).toSorted());

await assert.rejects(firstValueFrom(orders.send(pattern('who'), {})), { code: 'tenant_required' });
// Signed with another secret, and for a tenant that there is none of.
for (const [client, tenant] of [
  [foreign, acme],
  [orders, { id: 't_gone', slug: 'gone' }],
]) {
  await assert.rejects(
    as(tenant, () => firstValueFrom(client.send(pattern('who'), {}))),
    (error) => error.message === 'tenant_required' || assert.fail(error),
  );
}
await Promise.all([app.close(), stranger.close(), service.close()]);
console.log('held');
