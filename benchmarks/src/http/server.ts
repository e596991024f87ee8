import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { answer } from '../child.js';
import type { AdapterName } from './case.js';
import { type CaseName, cases } from './cases.js';

/** Questions to a server, from the process that measures. */
export type ServerQuestion = 'address' | 'start' | 'stop';

/** Serves one case: `node server.js <case> <adapter>`. */
const [name, adapterName] = process.argv.slice(2) as [CaseName, AdapterName];
const { module, ownTenant, prepare } = await cases[name]();
const adapter = adapterName === 'express' ? new ExpressAdapter() : new FastifyAdapter();
prepare?.(adapter, adapterName);
const app = await NestFactory.create(module, adapter, { logger: ['error'], abortOnError: false });
await app.listen(0, '127.0.0.1');
const { port } = app.getHttpServer().address() as { port: number };

let started = process.cpuUsage();

answer((question) => {
  switch (question as ServerQuestion) {
    case 'address':
      return { port, ownTenant };
    case 'start':
      // No forced collection here: it throws optimised code away too, and the sample would measure the compiler.
      started = process.cpuUsage();
      return null;
    case 'stop': {
      const { user, system } = process.cpuUsage(started);
      return { microseconds: user + system };
    }
  }
});
