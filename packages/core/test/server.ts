import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { INestApplication, ModuleMetadata } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { InMemoryTenantRegistry } from '../src/index.js';

export const adapters = ['express', 'fastify'] as const;
export type AdapterName = (typeof adapters)[number];

export const acme = { id: 't_acme', slug: 'acme' };
export const globex = { id: 't_globex', slug: 'globex' };
export const closed = { id: 't_closed', slug: 'closed', status: 'suspended' };
export const SECRET = 'a secret that only this test suite knows';

export const testRegistry = () =>
  new InMemoryTenantRegistry([{ ...acme, domains: ['careers.acme.test'] }, { ...globex }, { ...closed }]);

export interface Server {
  readonly app: INestApplication;
  readonly port: number;
  close(): Promise<void>;
}

/** A real application on a real port of the loopback interface. */
export async function serve(
  adapter: AdapterName,
  metadata: ModuleMetadata,
  prepare: (app: INestApplication) => void = () => {},
): Promise<Server> {
  const module = await Test.createTestingModule(metadata).compile();
  const http =
    adapter === 'express' ? new ExpressAdapter() : new FastifyAdapter({ trustProxy: TRUSTS_PROXY.has(metadata) });
  const app = module.createNestApplication(http, { logger: false });
  prepare(app);
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  return { app, port, close: () => app.close() };
}

const TRUSTS_PROXY = new WeakSet<ModuleMetadata>();

/** Fastify takes its trust-proxy setting when it is created; Express takes it from `prepare`. */
export function behindProxy(metadata: ModuleMetadata): ModuleMetadata {
  TRUSTS_PROXY.add(metadata);
  return metadata;
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly body: Record<string, unknown>;
}

export interface Call {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly token?: string;
  readonly body?: unknown;
}

/** One request to `host` (as the `Host` header says) on the loopback interface. */
export function call({ port }: Server, host: string, path: string, options: Call = {}): Promise<Reply> {
  const { method = options.body === undefined ? 'GET' : 'POST', token, body } = options;
  const payload = body === undefined ? undefined : JSON.stringify(body);
  const headers = {
    host,
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...(payload !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }),
    ...options.headers,
  };
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, path, method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('error', reject);
      response.on('end', () => {
        const json = (response.headers['content-type'] ?? '').includes('json');
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text,
          body: json ? (JSON.parse(text) as Record<string, unknown>) : {},
        });
      });
    });
    request.on('error', reject);
    request.end(payload);
  });
}

/** Writes `text` to a socket as it is, for what no HTTP client would send, and answers with all that comes back. */
export function sendRaw({ port }: Server, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text.replaceAll('\n', '\r\n')));
    let answer = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      answer += chunk;
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
  });
}

/** Writes a request to a socket piece by piece, with pauses; the first piece is its head. */
export async function sendInPieces({ port }: Server, pieces: readonly string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    answer += chunk;
  });
  const closed = new Promise((resolve) => socket.once('close', resolve));
  for (const piece of pieces) {
    socket.write(piece.startsWith('POST') ? piece.replaceAll('\n', '\r\n') : piece);
    await sleep(5 + Math.random() * 5);
  }
  await closed;
  return answer;
}
