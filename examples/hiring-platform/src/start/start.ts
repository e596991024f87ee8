import type { Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TenantLogger } from '@tenancy/core/logging';
import { postgresFromEnvironment } from '@tenancy/testing/postgres';
import { DemoData } from '../admin/demo-data.js';
import { AppModule } from '../app.module.js';
import { startScreening } from '../screening/start-screening.js';
import type { Settings } from '../settings/settings.js';
import { Answers } from './answers.js';
import { configure } from './configure.js';
import { asStartError, IPV4, joinOnIPv6, reservePort } from './loopback.js';
import { prepareDatabase } from './prepare-database.js';

/** Milliseconds that requests under way have when it stops: less than `main.ts` waits for everything. */
const FOR_ANSWERS = 15_000;

export interface Platform {
  readonly app: INestApplication;
  readonly port: number;
  stop(): Promise<void>;
}

/** Everything from an empty machine to a listening platform. What was started is stopped again when a step fails. */
export async function startPlatform(settings: Settings): Promise<Platform> {
  const releasePort = await reservePort(settings.port);
  const undo: (() => Promise<unknown>)[] = [releasePort];
  const stop = async () => {
    for (let step = undo.pop(); step; step = undo.pop()) await step();
  };
  try {
    const database = await postgresFromEnvironment();
    undo.push(() => database.stop());
    const { databaseUrl } = await prepareDatabase(database.url, settings.isolation);
    const alone = { ...settings, databaseUrl, adminDatabaseUrl: database.url, screeningPort: 0 };
    const screening = await startScreening(alone);
    undo.push(() => screening.stop());
    const app = await NestFactory.create(AppModule.for({ ...alone, screeningPort: screening.port }), {
      // A browser's idle connection must not delay Ctrl-C. Requests under way are waited for before.
      forceCloseConnections: true,
      logger: new TenantLogger({ logLevels: ['warn', 'error'] }),
      abortOnError: false,
    });
    undo.push(() => app.close());
    const answers = new Answers(app.getHttpServer());
    undo.push(() => answers.given(FOR_ANSWERS));
    configure(app);
    await app.get(DemoData).seed();
    await releasePort();
    const port = await listen(app, settings, undo);
    return { app, port, stop };
  } catch (error) {
    await stop();
    throw asStartError(settings.port, error);
  }
}

async function listen(app: INestApplication, settings: Settings, undo: (() => Promise<unknown>)[]): Promise<number> {
  const { port, host = IPV4 } = settings;
  await app.listen(port, host);
  const server: HttpServer = app.getHttpServer();
  const actual = (server.address() as AddressInfo).port;
  if (host === IPV4) {
    const twin = await joinOnIPv6(server, actual);
    undo.push(async () => twin.close());
  }
  return actual;
}
