import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate as turn } from 'node:timers/promises';
import { Controller, Get, Param, Res, StreamableFile } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromSubdomain, TenancyModule, TenantContext } from '../src/index.js';
import { adapters, type Server, serve, testRegistry } from './server.js';

const context = new TenantContext();
const who = () => (context.isActive() ? context.tenantId : 'none');

type Answer = ServerResponse & { readonly raw?: ServerResponse; hijack?(): void };
const rawOf = (response: Answer): ServerResponse => {
  response.hijack?.();
  return response.raw ?? response;
};

/** Holds back the answer to the first of several requests on one connection, by its id. */
const held = new Map<string, Promise<void>>();
/** Told when the request of an id has got as far as it gets while it waits. */
const waiting = new Map<string, () => void>();
const left = new Map<string, (who: string) => void>();

@Controller()
class PipelinedController {
  @Get('first/:id')
  async first(@Param('id') id: string) {
    await held.get(id);
    return 'first';
  }

  @Get('written/:id')
  written(@Param('id') id: string, @Res() wrapped: Answer) {
    const response = rawOf(wrapped);
    const pages = (left: number) => {
      if (left === 0) response.end(`${who()};`, () => void seenAtEnd.set(id, who()));
      else response.write(`${who()};`, () => pages(left - 1));
    };
    response.writeProcessing?.(() => pages(3));
    waiting.get(id)?.();
  }

  @Get('piped/:id')
  async piped(@Param('id') id: string, @Res() wrapped: Answer) {
    const response = rawOf(wrapped);
    const rows = async function* () {
      for (let row = 0; row < 8; row += 1) yield `${await turn(who())};`;
    };
    const sink = new Writable({
      objectMode: true,
      highWaterMark: 1,
      write: (row, _, done) => {
        response.write(row, done);
        // Nothing goes on from here until the first answer is out: whoever fills this sink has to wait for it, too.
        setImmediate(() => setImmediate(() => setImmediate(() => waiting.get(id)?.())));
      },
      final: (done) => void response.end(done),
    });
    await pipeline(Readable.from(rows(), { highWaterMark: 1 }), sink);
    seenAtEnd.set(id, who());
  }

  @Get('file/:id')
  file(@Param('id') id: string) {
    const endless = async function* () {
      try {
        waiting.get(id)?.();
        while (true) yield Buffer.alloc(20_000);
      } finally {
        left.get(id)?.(who());
      }
    };
    return new StreamableFile(Readable.from(endless()));
  }
}

const seenAtEnd = new Map<string, string>();

describe.each(adapters)("core-3: on %s, a request that waits behind another tenant's on its connection", (adapter) => {
  let server: Server;

  beforeAll(async () => {
    const sources = [fromSubdomain({ baseDomain: 'localhost' })];
    const imports = [TenancyModule.forRoot({ registry: testRegistry(), sources })];
    server = await serve(adapter, { controllers: [PipelinedController], imports });
  });
  afterAll(() => server.close());

  /** Sends both, and lets the first go once the second has done what it can. */
  const behind = (id: string, first: string, second: string, path: string) => {
    let release = () => {};
    held.set(id, new Promise((resolve) => (release = resolve)));
    const reached = new Promise<void>((resolve) => waiting.set(id, resolve));
    const socket = connect(server.port, '127.0.0.1').on('error', () => {});
    const head = (slug: string, to: string, more = '') =>
      `GET /${to}/${id} HTTP/1.1\r\nHost: ${slug}.localhost\r\n${more}\r\n`;
    socket.write(head(first, 'first') + head(second, path, 'Connection: close\r\n'));
    return { socket, reached, release };
  };

  it.each(['written', 'piped'])('goes on as itself from the callbacks of what is %s, interleaved', async (path) => {
    await Promise.all(
      Array.from({ length: 10 }, async (_, i) => {
        const id = `${adapter} ${path} ${i}`.replaceAll(' ', '-');
        const [first, second] = i % 2 ? ['acme', 'globex'] : ['globex', 'acme'];
        const { socket, reached, release } = behind(id, first as string, second as string, path);
        let answer = '';
        const ended = new Promise((resolve) => socket.on('data', (data) => (answer += data)).on('close', resolve));
        await reached;
        await turn();
        release();
        await ended;
        expect(answer.match(/t_\w+(?=;)/g)).toEqual(Array(path === 'written' ? 4 : 8).fill(`t_${second}`));
        expect(seenAtEnd.get(id)).toBe(`t_${second}`);
      }),
    );
  });

  it('closes the stream that it answers with as itself, when the client goes away', async () => {
    await Promise.all(
      Array.from({ length: 10 }, async (_, i) => {
        const id = `${adapter}-file-${i}`;
        const [first, second] = i % 2 ? ['acme', 'globex'] : ['globex', 'acme'];
        const closed = new Promise<string>((resolve) => left.set(id, resolve));
        const { socket, reached, release } = behind(id, first as string, second as string, 'file');
        await reached;
        await turn();
        socket.resetAndDestroy();
        expect(await closed).toBe(`t_${second}`);
        release();
      }),
    );
  });
});
