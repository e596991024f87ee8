// An application over HTTP whose registry is a directory. It prints its port, ends with its stdin, and is as any that a team would start.
import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { fromSubdomain, TenancyModule } from '@tenancy/core';
import { TenantDirectory } from '@tenancy/postgres/tenants';

const { connection, listen, ttl } = JSON.parse(process.argv[2]);
const directory = new TenantDirectory({ connection, listen });

class WhoController {
  who() {
    return 'in';
  }
}
Controller()(WhoController);
Get()(WhoController.prototype, 'who', Object.getOwnPropertyDescriptor(WhoController.prototype, 'who'));

class Application {}
Module({
  imports: [
    TenancyModule.forRoot({
      registry: directory,
      sources: [fromSubdomain({ baseDomain: 'app.test' })],
      cache: { ttl },
    }),
  ],
  controllers: [WhoController],
})(Application);

const app = await NestFactory.create(Application, { logger: false });
await app.listen(0, '127.0.0.1');
process.stdout.write(`${app.getHttpServer().address().port}\n`);
process.stdin.resume().on('end', async () => {
  // Nothing of the directory keeps the process, which is told to close its server and nothing else.
  await app.close();
});
