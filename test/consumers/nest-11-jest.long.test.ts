import { describeConsumer } from './consumer.ts';

describeConsumer(
  'nest-11-jest',
  ['--json', '--outputFile=result.json'],
  [
    { runner: 'jest-commonjs', adapter: 'express' },
    { runner: 'jest-commonjs, all in one test', adapter: 'fastify' },
    { runner: 'jest-esm', adapter: 'fastify' },
  ],
);
