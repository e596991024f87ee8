import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect as connectHttp2, constants } from 'node:http2';
import { type AddressInfo, connect } from 'node:net';
import { finished } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Get, Logger, Param, Post, Req, Res, UploadedFile, UseInterceptors } from '@nestjs/common';
import { FileInterceptor } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { fromSubdomain, TenancyModule, TenantContext, Untenanted } from '../src/index.js';
import { adapters, call, type Server, sendInPieces, serve, testRegistry } from './server.js';

const context = new TenantContext();

/** Tenants that listeners saw, by the request that they belong to. They ask for it as a logger does: without a net. */
const heard = new Map<string, string[]>();
const begun = new Map<string, () => void>();
const hear = (id: string, what: string) => () => void heard.get(id)?.push(`${what} ${context.tenantId}`);

type Wrapped<T> = T & { readonly raw?: T };
const rawOf = <T extends object>(message: Wrapped<T>): T => message.raw ?? message;

@Controller()
class ListeningController {
  /** Answers never: the client has to go. */
  @Post('slow/:id')
  async slow(
    @Param('id') id: string,
    @Req() wrapped: Wrapped<IncomingMessage>,
    @Res({ passthrough: true }) wrappedResponse: Wrapped<ServerResponse>,
  ) {
    const [request, response] = [rawOf(wrapped), rawOf(wrappedResponse)];
    for (const event of ['close', 'aborted', 'error', 'data']) request.on(event, hear(id, `request ${event}`));
    request.once('close', hear(id, 'request once'));
    response.on('close', hear(id, 'response close'));
    response.prependListener('close', hear(id, 'response first'));
    finished(response, hear(id, 'finished'));
    const aborting = new AbortController();
    response.on('close', () => aborting.abort());
    aborting.signal.addEventListener('abort', hear(id, 'signal'));
    // More than the connection takes, so that it is still waiting to be written when the client goes.
    response.write(Buffer.alloc(5_000_000), hear(id, 'written'));
    await new Promise((resolve) => {
      // After everything that closing calls at once.
      response.on('close', () => setImmediate(() => setImmediate(resolve)));
      begun.get(id)?.();
    });
    hear(id, 'handler')();
  }

  @Get('whole/:id')
  whole(
    @Param('id') id: string,
    @Req() request: Wrapped<IncomingMessage>,
    @Res({ passthrough: true }) response: Wrapped<ServerResponse>,
  ) {
    rawOf(request).on('close', hear(id, 'request close'));
    for (const event of ['prefinish', 'finish', 'close']) rawOf(response).on(event, hear(id, `response ${event}`));
    return { id: context.tenantId };
  }

  /** Reads the body by itself, as a parser of one's own does. */
  @Post('parsed/:id')
  parsed(@Param('id') id: string, @Req() request: Wrapped<IncomingMessage>) {
    return new Promise((resolve) => {
      let length = 0;
      rawOf(request).on('data', (chunk: Buffer) => {
        length += chunk.length;
        hear(id, 'data')();
      });
      rawOf(request).on('end', () => resolve({ length, id: context.tenantId }));
    });
  }

  @Untenanted()
  @Get('untenanted')
  untenanted(@Res({ passthrough: true }) response: Wrapped<ServerResponse>) {
    rawOf(response).on('finish', () => context.tenantId);
    return 'ok';
  }
}

const tenancy = () =>
  TenancyModule.forRoot({ registry: testRegistry(), sources: [fromSubdomain({ baseDomain: 'localhost' })] });

const tenants = ['acme', 'globex'] as const;
const each = <T>(count: number, ask: (slug: string, id: string) => Promise<T>) =>
  Promise.all(
    Array.from({ length: count }, (_, i) => {
      const id = `${i}`;
      heard.set(id, []);
      return ask(tenants[i % 2] ?? '', id);
    }),
  );
const whoHeard = (id: string) => new Set(heard.get(id)?.map((line) => line.split(' ').at(-1)));
const whatWasHeard = (id: string) => new Set(heard.get(id)?.map((line) => line.split(' ').slice(0, -1).join(' ')));

describe.each(adapters)('core-3: on %s, listeners of a request and its response run as its tenant', (adapter) => {
  let server: Server;

  beforeAll(async () => {
    server = await serve(adapter, { controllers: [ListeningController], imports: [tenancy()] }, (app) => {
      if (adapter === 'fastify') {
        // The body is left to the handler, as Express leaves what it has no parser for.
        const { instance } = app.getHttpAdapter() as unknown as {
          instance: { addContentTypeParser(...args: unknown[]): void };
        };
        instance.addContentTypeParser('application/octet-stream', (_: unknown, __: unknown, done: (e: null) => void) =>
          done(null),
        );
      }
    });
  });
  afterAll(() => server.close());

  it('when the client goes away: 120 of 120, interleaved', async () => {
    await each(120, async (slug, id) => {
      const started = new Promise<void>((resolve) => begun.set(id, resolve));
      const socket = connect(server.port, '127.0.0.1');
      socket.on('error', () => {});
      socket.write(
        `POST /slow/${id} HTTP/1.1\r\nHost: ${slug}.localhost\r\nContent-Type: application/octet-stream\r\nContent-Length: 10\r\n\r\n12`,
      );
      await started;
      await sleep(Math.random() * 5);
      socket.destroy();
      while (!heard.get(id)?.some((line) => line.startsWith('handler'))) await sleep(1);
      expect([whoHeard(id), whatWasHeard(id)]).toEqual([
        new Set([`t_${slug}`]),
        new Set([
          'request data',
          'request close',
          'request once',
          'request aborted',
          'request error',
          'response close',
          'response first',
          'finished',
          'signal',
          'written',
          'handler',
        ]),
      ]);
    });
  });

  it('when the answer is complete, on connections that are kept alive', async () => {
    await each(60, async (slug, id) => {
      expect((await call(server, `${slug}.localhost`, `/whole/${id}`)).body).toEqual({ id: `t_${slug}` });
      while (!heard.get(id)?.some((line) => line.startsWith('response close'))) await sleep(1);
      expect([whoHeard(id), whatWasHeard(id)]).toEqual([
        new Set([`t_${slug}`]),
        new Set(['request close', 'response prefinish', 'response finish', 'response close']),
      ]);
    });
  });

  it('when a body arrives in pieces', async () => {
    await each(20, async (slug, id) => {
      const answer = await sendInPieces(server, [
        `POST /parsed/${id} HTTP/1.1\nHost: ${slug}.localhost\nContent-Type: application/octet-stream\nContent-Length: 6\nConnection: close\n\n12`,
        '34',
        '56',
      ]);
      expect(answer.split('\r\n\r\n')[1]).toBe(JSON.stringify({ length: 6, id: `t_${slug}` }));
      expect(whoHeard(id)).toEqual(new Set([`t_${slug}`]));
    });
  });

  it('and where there is none, a listener that asks for it does not end the process', async () => {
    const log = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
    try {
      expect((await call(server, 'acme.localhost', '/untenanted')).text).toBe('ok');
      while (log.mock.calls.length === 0) await sleep(1);
      expect(log.mock.calls[0]?.[0]).toMatch(/^a listener of 'finish' of a request .*tenant_context_missing/);
    } finally {
      log.mockRestore();
    }
    expect((await call(server, 'acme.localhost', '/whole/0')).body).toEqual({ id: 't_acme' });
  });
});

@Controller()
class UploadController {
  @Post('upload')
  @UseInterceptors(
    FileInterceptor('file', {
      fileFilter: (request, _, done) =>
        done(null, Boolean(((request as { filtered?: string }).filtered = context.tenantId))),
      storage: {
        _handleFile: (_: unknown, file: { stream: NodeJS.ReadableStream }, done: (e: null, info: object) => void) => {
          const seen = new Set([context.tenantId]);
          file.stream.on('data', () => seen.add(context.tenantId));
          file.stream.on('end', () => done(null, { filename: [...seen, context.tenantId].join() }));
        },
        _removeFile: (_: unknown, __: unknown, done: (e: null) => void) => done(null),
      },
    }),
  )
  upload(@UploadedFile() file: { filename: string }, @Req() request: { filtered: string }) {
    return [file.filename, request.filtered];
  }
}

it('core-3: what busboy and multer call is called as the tenant of the request', async () => {
  const server = await serve('express', { controllers: [UploadController], imports: [tenancy()] });
  const part = '--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n';
  const body = `${part}${'x'.repeat(200_000)}\r\n--b--\r\n`;
  try {
    await each(10, async (slug) => {
      const id = `t_${slug}`;
      const head = `POST /upload HTTP/1.1\nHost: ${slug}.localhost\nContent-Type: multipart/form-data; boundary=b\nContent-Length: ${body.length}\nConnection: close\n\n`;
      const answer = await sendInPieces(server, [head, body.slice(0, 20), body.slice(20, 90_000), body.slice(90_000)]);
      expect(answer.split('\r\n\r\n')[1]).toBe(JSON.stringify([`${id},${id}`, id]));
    });
  } finally {
    await server.close();
  }
});

it.each(adapters)(
  'core-3: on %s, an `emit` that somebody else has given a request goes on being called',
  async (adapter) => {
    const emitted: string[] = [];
    const server = await serve(adapter, { controllers: [ListeningController], imports: [tenancy()] }, (app) => {
      app.getHttpServer().prependListener('request', (_: IncomingMessage, response: ServerResponse) => {
        const { emit } = response;
        response.emit = (...args: Parameters<typeof emit>) => {
          emitted.push(`${String(args[0])} ${context.tenantId}`);
          return emit.apply(response, args);
        };
      });
    });
    await each(4, async (slug, id) => {
      expect((await call(server, `${slug}.localhost`, `/whole/${id}`)).body).toEqual({ id: `t_${slug}` });
      while (!heard.get(id)?.some((line) => line.startsWith('response close'))) await sleep(1);
    });
    await server.close();
    for (const slug of tenants) expect(emitted.filter((line) => line === `finish t_${slug}`)).toHaveLength(2);
  },
);

it('core-3: over HTTP/2 too, and of the stream itself', async () => {
  const left = new Map<string, Set<string>>();
  @Controller()
  class StreamController {
    @Get('slow/:id')
    async slow(
      @Param('id') id: string,
      @Req() { raw }: { raw: IncomingMessage & { stream: NodeJS.EventEmitter } },
      @Res({ passthrough: true }) response: { raw: ServerResponse },
    ) {
      const seen = new Set<string>();
      const note = () => seen.add(context.tenantId);
      raw.on('close', note).on('aborted', note);
      raw.stream.on('close', note).on('aborted', note);
      response.raw.on('close', note);
      const closed = once(response.raw, 'close');
      begun.get(id)?.();
      await closed;
      await new Promise(setImmediate);
      left.set(id, seen.add(context.tenantId));
    }
  }
  const module = await Test.createTestingModule({ controllers: [StreamController], imports: [tenancy()] }).compile();
  const app = module.createNestApplication(new FastifyAdapter({ http2: true }), { logger: false });
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  try {
    await each(40, async (slug, id) => {
      const started = new Promise<void>((resolve) => begun.set(id, resolve));
      const stream = session.request({ ':path': `/slow/${id}`, ':authority': `${slug}.localhost:${port}` });
      stream.on('error', () => {});
      await started;
      stream.close(constants.NGHTTP2_CANCEL);
      while (!left.has(id)) await sleep(1);
      expect(left.get(id)).toEqual(new Set([`t_${slug}`]));
    });
  } finally {
    session.close();
    await app.close();
  }
});
