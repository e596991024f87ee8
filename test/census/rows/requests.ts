import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import multipart, { type MultipartFile } from '@fastify/multipart';
import { UseInterceptors } from '@nestjs/common';
import { FileInterceptor, type NestExpressApplication } from '@nestjs/platform-express';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import busboy from 'busboy';
import { diskStorage, memoryStorage, type StorageEngine } from 'multer';
import type { Sending } from '../client.js';
import { type Built, overHttp, type Row, type Seen, type Subject, seen, type Verdict } from '../row.js';
import { type Exchange, handle } from './handle.js';
import { form, sent } from './multipart.js';

type Fix = Pick<Row, 'fix'>;

const answered =
  (sending: () => Sending): Built['ask'] =>
  async (client) => {
    const { body } = await client.send('/row', sending());
    if (body['arrived'] !== true) throw new Error('The body did not arrive.');
    return body['seen'] as Seen;
  };

const parsed = (name: string, type: string, text: string, parser?: 'text' | 'raw'): Row =>
  overHttp(`the body parser for ${name}: the handler`, 'right', (adapter) => ({
    metadata: {
      controllers: [handle(({ adapted }) => ({ arrived: Boolean(adapted.request['body']), seen: seen() }))],
    },
    prepare: (app) => {
      if (!parser) return;
      if (adapter === 'express') (app as NestExpressApplication).useBodyParser(parser);
      else (app as NestFastifyApplication).useBodyParser(type);
    },
    ask: answered(() => sent(type, text)),
  }));

/** A body that no parser has taken, read by the handler itself. */
const byHand = (what: string, verdict: Verdict, read: (exchange: Exchange) => Promise<Seen>, extra: Fix = {}): Row =>
  overHttp(
    what,
    verdict,
    (adapter) => ({
      metadata: { controllers: [handle(async (exchange) => ({ seen: await read(exchange), arrived: true }))] },
      prepare: (app) => {
        if (adapter === 'express') return;
        // Fastify refuses types that it has no parser for.
        const { instance } = { instance: (app as NestFastifyApplication).getHttpAdapter().getInstance() };
        instance.addContentTypeParser('multipart/form-data', (_request, _payload, done) => done(null));
      },
      ask: answered(form),
    }),
    extra,
  );

const throughBusboy = ({ request }: Exchange, listen: (found: () => void) => () => void) =>
  new Promise<Seen>((resolve, reject) => {
    const parser = busboy({ headers: request.headers });
    const found = listen(() => resolve(seen()));
    parser.on('file', (_, stream) => stream.resume().on('end', found));
    parser.on('error', reject);
    request.pipe(parser);
  });

const withMulter = (
  what: string,
  verdict: Verdict,
  storage: StorageEngine,
  from: 'handler' | 'callback',
  extra: Fix = {},
) =>
  overHttp(
    what,
    verdict,
    () => {
      const inCallback = new WeakMap<object, Seen>();
      const interceptor = FileInterceptor('file', {
        storage,
        fileFilter: (request, _, done) => {
          inCallback.set(request, seen());
          done(null, true);
        },
      });
      const controller = handle(({ adapted: { request } }) => {
        const file = request['file'] as { readonly path?: string } | undefined;
        if (file?.path) rmSync(file.path);
        return { arrived: file !== undefined, seen: from === 'handler' ? seen() : inCallback.get(request) };
      }, UseInterceptors(interceptor));
      return { metadata: { controllers: [controller] }, ask: answered(form) };
    },
    { adapters: ['express'], ...extra },
  );

const withFastifyMultipart = (what: string, read: (file: MultipartFile) => Promise<unknown>): Row =>
  overHttp(
    what,
    'right',
    () => ({
      metadata: {
        controllers: [
          handle(async ({ adapted: { request } }) => {
            const file = await (request as unknown as { file(): Promise<MultipartFile> }).file();
            await read(file);
            return { arrived: file.filename === 'cv.txt', seen: seen() };
          }),
        ],
      },
      prepare: (app) => (app as NestFastifyApplication).register(multipart as never),
      ask: answered(form),
    }),
    { adapters: ['fastify'] },
  );

export const requests: Subject = {
  about: 'Bodies and uploads',
  rows: [
    parsed('JSON', 'application/json', JSON.stringify({ title: 'a title' })),
    parsed('forms', 'application/x-www-form-urlencoded', 'title=a+title'),
    parsed('text', 'text/plain', 'a text of several pieces', 'text'),
    parsed('raw bytes', 'application/octet-stream', 'some bytes of several pieces', 'raw'),
    byHand('`for await` over the request', 'right', async ({ request }) => {
      for await (const _ of request);
      return seen();
    }),
    byHand(
      "listeners of a request's `data` and `end`",
      'right',
      ({ request }) => new Promise((resolve) => request.resume().on('end', () => resolve(seen()))),
    ),
    withMulter('multer, in memory: the handler', 'right', memoryStorage(), 'handler'),
    withMulter(
      'multer, on disk: the handler',
      'right',
      diskStorage({
        destination: (_, __, done) => done(null, tmpdir()),
        filename: (_, __, done) => done(null, `census-${randomUUID()}`),
      }),
      'handler',
    ),
    withMulter('multer: `fileFilter` and the callbacks of a storage', 'right', memoryStorage(), 'callback'),
    byHand('busboy by hand: listeners', 'right', (exchange) => throughBusboy(exchange, (found) => found)),
    byHand('busboy by hand: what awaits it', 'right', async (exchange) => {
      await throughBusboy(exchange, (found) => found);
      return seen();
    }),
    withFastifyMultipart('`@fastify/multipart`: `await file.toBuffer()`', (file) => file.toBuffer()),
    withFastifyMultipart('`@fastify/multipart`: `for await` over the file', async (file) => {
      for await (const _ of file.file);
    }),
  ],
};
