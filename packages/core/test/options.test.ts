import { Controller, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from 'vitest';
import { TenantBullModule } from '../src/bullmq.js';
import { TenantCacheModule } from '../src/cache.js';
import { TenantHttpModule } from '../src/http.js';
import { TenantMicroservicesModule } from '../src/microservices.js';
import { TenantScheduleModule } from '../src/schedule.js';
import { TenantStorageModule } from '../src/storage.js';
import { tenancy } from './microservices/application.js';

const SECRET = 'a secret that only the services of this test know';

@Controller()
class Empty {}

const started = (...imports: unknown[]) =>
  Test.createTestingModule({ imports: [tenancy(), ...(imports as never[])], controllers: [Empty] })
    .compile()
    .then((module) => module.init());

describe.each([
  ['a text', 'text'],
  ['a list', []],
  ['a number', 7],
])('options that are %s', (_, options) => {
  it.each([
    ['TenantMicroservicesModule', () => TenantMicroservicesModule.forRoot(options as never)],
    ['TenantScheduleModule', () => TenantScheduleModule.forRoot(options as never)],
    ['TenantStorageModule', () => TenantStorageModule.forRoot(options as never)],
    ['TenantHttpModule', () => TenantHttpModule.forRoot(options as never)],
    ['TenantCacheModule', () => TenantCacheModule.register(options as never)],
    ...(typeof options === 'string'
      ? []
      : [['TenantBullModule', () => TenantBullModule.forRoot(options as never)] as [string, () => unknown]]),
  ])('are refused by %s, by name', (name, call) => {
    expect(call).toThrow(new RegExp(`${name}: is given no object`));
  });
});

describe.each([
  ['nothing', undefined],
  ['null', null],
  ['a text', 'text'],
])('a factory that answers with %s', (_, options) => {
  const useFactory = () => options as never;
  it.each([
    ['TenantMicroservicesModule', () => TenantMicroservicesModule.forRootAsync({ useFactory })],
    ['TenantScheduleModule', () => TenantScheduleModule.forRootAsync({ useFactory })],
    ['TenantCacheModule', () => TenantCacheModule.registerAsync({ useFactory })],
    ['TenantBullModule', () => TenantBullModule.forRootAsync({ useFactory })],
  ])('stops the start of %s, by name', async (name, made) => {
    await expect(started(made())).rejects.toThrow(new RegExp(`${name}: is given no object`));
  });
});

describe('a secret that is named and undefined', () => {
  it('is refused by TenantMicroservicesModule, and left out it is fine', async () => {
    expect(() => TenantMicroservicesModule.forRoot({ secret: undefined })).toThrow(
      /TenantMicroservicesModule\.secret: is undefined/,
    );
    const late = TenantMicroservicesModule.forRootAsync({ useFactory: () => ({ secret: undefined }) });
    await expect(started(late)).rejects.toThrow(/TenantMicroservicesModule\.secret: is undefined/);
    for (const fine of [TenantMicroservicesModule.forRoot(), TenantMicroservicesModule.forRoot({ secret: SECRET })]) {
      await (await started(fine)).close();
    }
  });

  it('is refused by TenantBullModule', async () => {
    await expect(started(TenantBullModule.forRoot({ connection: { port: 6379 }, secret: undefined }))).rejects.toThrow(
      /TenantBullModule\.secret: is undefined/,
    );
  });
});

it('TenantMicroservicesModule without forRoot stops the start, by name', async () => {
  @Module({ imports: [TenantMicroservicesModule] })
  class Forgotten {}
  await expect(started(Forgotten)).rejects.toThrow(/imported without its options/);
});
