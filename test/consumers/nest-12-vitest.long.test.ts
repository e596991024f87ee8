import { describeConsumer } from './consumer.ts';

describeConsumer(
  'nest-12-vitest',
  ['--reporter=default', '--reporter=json', '--outputFile=result.json'],
  [
    { runner: 'vitest', adapter: 'fastify' },
    { runner: 'jest-esm', adapter: 'express' },
  ],
);
