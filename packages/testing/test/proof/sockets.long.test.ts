import { type INestApplication, Inject, Module } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import {
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer,
  WsException,
} from '@nestjs/websockets';
import { TenantContext } from '@tenancy/core';
import { broadcast, tenantSockets } from '@tenancy/core/websockets';
import { filter, map, Subject, startWith } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { createIsolationHarness, type ProofOptions, proveIsolation } from '../../src/index.js';
import { Jobs, jobsProvider, table, tenancy, withJobs } from './application.js';
import { found, verdicts } from './told.js';

interface Socket {
  emit?(event: string, data: unknown): void;
  send(data: string): void;
  join?(room: string): void;
}
interface Server {
  to(room: string): { emit(event: string, data: unknown): void };
}
const LISTEN = 'websocket LiveGateway.listen';
type Protocol = 'socket.io' | 'ws';

/** The parts of a gateway that may be right or wrong. */
interface Work {
  find(jobs: Jobs, id: string): (typeof table)[number] | undefined;
  /** True for a renamed job that a listener hears of. */
  heard(renamed: (typeof table)[number], tenantId: string): boolean;
}

const right: Work = {
  find: (jobs, id) => jobs.all().find((job) => job.id === id),
  heard: (renamed, tenantId) => renamed.tenantId === tenantId,
};

async function prove(protocol: Protocol, work: Work, options: ProofOptions = {}) {
  const renamed = new Subject<(typeof table)[number]>();

  @WebSocketGateway()
  class LiveGateway {
    @WebSocketServer() server!: Server;
    constructor(
      @Inject(Jobs) private readonly jobs: Jobs,
      @Inject(TenantContext) private readonly context: TenantContext,
    ) {}

    handleConnection(socket: Socket) {
      const hello = { titles: this.jobs.all().map(({ title }) => title) };
      if (protocol === 'ws') socket.send(JSON.stringify({ event: 'hello', data: hello }));
      else socket.emit?.('hello', hello);
    }

    @SubscribeMessage('watch')
    watch(@MessageBody() { jobId }: { jobId: string }, @ConnectedSocket() socket: Socket) {
      const job = work.find(this.jobs, jobId);
      if (!job) throw new WsException('There is no such job.');
      socket.join?.(`job:${jobId}`);
      return { event: 'watched', data: { title: job.title } };
    }

    @SubscribeMessage('listen')
    listen() {
      const { tenantId } = this.context;
      return renamed.pipe(
        filter((job) => work.heard(job, tenantId)),
        map(({ title }) => ({ event: 'heard', data: { title } })),
        startWith({ event: 'listening', data: this.jobs.all().map(({ title }) => title) }),
      );
    }

    @SubscribeMessage('rename')
    rename(@MessageBody() { jobId }: { jobId: string }) {
      const job = work.find(this.jobs, jobId);
      if (!job) throw new WsException('There is no such job.');
      job.title = `${job.title.split(' ')[0]} (renamed)`;
      if (protocol === 'ws') {
        broadcast(this.server as never, JSON.stringify({ event: 'renamed', data: { title: job.title } }));
      } else this.server.to(`job:${job.id}`).emit('renamed', { title: job.title });
      renamed.next(job);
      return { event: 'done', data: { title: job.title } };
    }
  }

  @Module({
    imports: [tenancy()],
    providers: [jobsProvider, LiveGateway],
  })
  class AppModule {}
  const harness = await createIsolationHarness(AppModule, {
    configure: (app: INestApplication) =>
      void app.useWebSocketAdapter(tenantSockets(protocol === 'ws' ? new WsAdapter(app) : new IoAdapter(app))),
    ...withJobs(),
  });
  const examples = Object.fromEntries(
    ['watch', 'listen', 'rename'].map((name) => [
      `websocket LiveGateway.${name}`,
      (rows: { job?: { id: string } }) => ({ body: { jobId: rows.job?.id } }),
    ]),
  );
  try {
    return await proveIsolation(harness, { examples: examples as never, ...options });
  } finally {
    await harness.close();
  }
}

describe.each(['socket.io', 'ws'] as const)('a gateway over %s', (protocol) => {
  it('that is right is proven, hooks included', async () => {
    const report = await prove(protocol, right);
    expect(verdicts(report)).toEqual({
      'websocket LiveGateway.handleConnection': 'proven',
      'websocket LiveGateway.watch': 'proven',
      [LISTEN]: 'proven',
      'websocket LiveGateway.rename': 'proven',
    });
  });

  it('that finds rows of everybody by the ids in its messages is caught', async () => {
    const report = await prove(protocol, { ...right, find: (_, id) => table.find((job) => job.id === id) });
    for (const name of ['watch', 'rename']) {
      expect(found(report, `websocket LiveGateway.${name}`).join('\n')).toMatch(/foreign-id: .*body\.jobId/);
    }
  });

  it('that streams what everybody does is caught', async () => {
    const report = await prove(protocol, { ...right, heard: () => true });
    expect(found(report, LISTEN).join('\n')).toMatch(/overheard: While the other worked, .* was seen/);
  });

  it('whose payload nobody knows says which example to write', async () => {
    const report = await prove(protocol, right, { examples: {} });
    const why = report.entrances.find(({ entrance }) => entrance.id === 'websocket LiveGateway.watch')?.why;
    expect(why).toContain("Give an example: { 'websocket LiveGateway.watch': (rows) => ({ body: { … } }) }");
  });
});
