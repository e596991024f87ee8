import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** The part of esbuild that is used here; it comes with tsup. */
interface Esbuild {
  build(options: object): Promise<unknown>;
}
export const esbuild: Esbuild = createRequire(createRequire(import.meta.url).resolve('tsup'))('esbuild');

/** Modules that Nest loads where they are installed, and the application does not use. */
const notUsed = [
  ...[
    'class-validator',
    'class-transformer',
    'kafkajs',
    'amqplib',
    'amqp-connection-manager',
    'mqtt',
    'nats',
    'ioredis',
  ],
  ...[
    '@grpc/grpc-js',
    '@grpc/proto-loader',
    '@nats-io/*',
    'bufferutil',
    'utf-8-validate',
    '@fastify/*',
    '@apollo/*',
    '@mercuriusjs/*',
    '@fastify/view',
  ],
  ...['@nestjs/platform-ws', 'class-transformer/*', 'ts-morph', '@nestjs/platform-fastify', '@nestjs/graphql'],
];

/** Asks its own GraphQL for a field without parameters, as a session of another tenant than the host's, and prints what comes back. */
const graphqlApplication = `
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MercuriusDriver } from '@nestjs/mercurius';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { GraphQLModule, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { fromRequest, fromSubdomain, InMemoryTenantRegistry, TenancyModule, TenantContext, Untenanted } from '@tenancy/core';

const handler = (type, name, ...decorators) =>
  Reflect.decorate(decorators, type.prototype, name, Object.getOwnPropertyDescriptor(type.prototype, name));
class Jobs { page() { return [{}]; } rows() { return 'rows of ' + new TenantContext().tenantId; } }
Reflect.decorate([Resolver('Job')], Jobs);
handler(Jobs, 'page', Query('page'), Untenanted());
handler(Jobs, 'rows', ResolveField('rows'));
class AppModule {}
const tenants = ['acme', 'globex'].map((slug) => ({ id: 't_' + slug, slug }));
Reflect.decorate([Module({ providers: [Jobs], imports: [
  GraphQLModule.forRoot({ driver: MercuriusDriver, typeDefs: 'type Job { rows: String } type Query { page: [Job] }' }),
  TenancyModule.forRoot({ registry: new InMemoryTenantRegistry(tenants), sources: [
    fromSubdomain({ baseDomain: 'localhost' }),
    fromRequest((request) => (request.raw ?? request).headers['x-session'], { after: 'middleware' }),
  ] }),
] })], AppModule);

async function main() {
  const app = await NestFactory.create(AppModule, new FastifyAdapter(), { logger: false, abortOnError: false });
  await app.init();
  const answers = {};
  for (const session of ['t_acme', 't_globex']) {
    const headers = { host: 'acme.localhost', 'x-session': session };
    const { body } = await app.inject({ method: 'POST', url: '/graphql', headers, payload: { query: '{ page { rows } }' } });
    const { data, errors = [] } = JSON.parse(body);
    answers[session] = errors[0]?.message ?? data.page[0].rows;
  }
  console.log(JSON.stringify(answers));
  process.exit();
}
main().catch((error) => { console.log(JSON.stringify({ error: error.stack })); process.exit(); });
`;

/** Asks its own gateway and its own microservice, without a tenant, and prints what comes back. */
const application = `
import 'reflect-metadata';
import { Module, Controller } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientProxyFactory, MessagePattern, Transport } from '@nestjs/microservices';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { fromJwt, fromSubdomain, InMemoryTenantRegistry, TenancyModule, Untenanted } from '@tenancy/core';
import { io } from 'socket.io-client';

const handler = (type, name, ...decorators) =>
  Reflect.decorate(decorators, type.prototype, name, Object.getOwnPropertyDescriptor(type.prototype, name));
class Gateway { refused() { return { event: 'ran', data: 'refused' }; } open() { return { event: 'ran', data: 'open' }; } }
Reflect.decorate([WebSocketGateway()], Gateway);
handler(Gateway, 'refused', SubscribeMessage('refused'));
handler(Gateway, 'open', SubscribeMessage('open'), Untenanted());
class Messages { refused() { return 'ran refused'; } open() { return 'ran open'; } }
Reflect.decorate([Controller()], Messages);
handler(Messages, 'refused', MessagePattern('refused'));
handler(Messages, 'open', MessagePattern('open'), Untenanted());
class AppModule {}
const failed = (error) => { console.log(JSON.stringify({ error: error.message })); process.exit(); };
process.on('uncaughtException', failed);
const jwt = process.env.WITH_JWT ? [fromJwt({ secret: 'x'.repeat(32) })] : [];
Reflect.decorate([Module({ providers: [Gateway], controllers: [Messages], imports: [TenancyModule.forRoot({
  registry: new InMemoryTenantRegistry([{ id: 't_acme', slug: 'acme' }]),
  sources: [fromSubdomain({ baseDomain: 'localhost' }), ...jwt],
})] })], AppModule);

async function main() {
  const app = await NestFactory.create(AppModule, { logger: false, abortOnError: false });
  const server = app.connectMicroservice({ transport: Transport.TCP, options: { port: 0 } });
  await app.startAllMicroservices();
  await app.listen(0);
  const { port } = app.getHttpServer().address();
  const socket = io('http://127.0.0.1:' + port, { transports: ['websocket'], extraHeaders: { host: 'acme.localhost' } });
  const answers = {};
  for (const name of ['refused', 'open']) {
    const answer = new Promise((done) => socket.onAny((event, body) => done([event, body.message ?? body])));
    socket.emit(name, {});
    answers['socket ' + name] = await answer;
    socket.offAny();
  }
  const { port: tcp } = server.unwrap().address();
  const client = ClientProxyFactory.create({ transport: Transport.TCP, options: { port: tcp } });
  for (const name of ['refused', 'open']) {
    answers['message ' + name] = await new Promise((done) =>
      client.send(name, {}).subscribe({ next: done, error: (error) => done(error.message) }));
  }
  console.log(JSON.stringify(answers));
  process.exit();
}
main().catch(failed);
`;

const USED_BY_GRAPHQL = /^@nestjs\/(platform-fastify|graphql)$|^@fastify\/\*$/;

const banner = "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);";

export interface Bundle {
  readonly format: 'cjs' | 'esm';
  /** Modules that are left out of it, beside those that the application does not use. */
  readonly without?: readonly string[];
  /** Modules that this package alone does not get: nothing at all, or one that a bundler has emptied. */
  readonly missing?: { readonly name: string; readonly as: 'nothing' | 'empty' };
  readonly env?: NodeJS.ProcessEnv;
  /** Another application: GraphQL's, with every name in it made shorter. */
  readonly graphql?: boolean;
}

/** The output of an application that is one file of what is installed in `folder`, run where nothing is installed. */
export async function answersOfBundle(
  folder: string,
  { format, without = [], missing, env = {}, graphql = false }: Bundle,
): Promise<unknown> {
  const alone = await mkdtemp(join(tmpdir(), 'tenancy-bundle-'));
  const file = join(alone, format === 'esm' ? 'main.mjs' : 'main.cjs');
  try {
    await esbuild.build({
      stdin: { contents: graphql ? graphqlApplication : application, resolveDir: folder },
      ...{ bundle: true, platform: 'node', format, outfile: file, logLevel: 'error' },
      ...(graphql ? { minify: true } : { keepNames: true }),
      external: [...notUsed.filter((name) => !(graphql && USED_BY_GRAPHQL.test(name))), ...without],
      ...(format === 'esm' && { banner: { js: banner } }),
      ...(missing && { plugins: [withholding(missing)] }),
    });
    const { stdout } = await promisify(execFile)(process.execPath, [file], {
      cwd: alone,
      timeout: 60_000,
      env: { ...process.env, NODE_PATH: '', ...env },
    });
    return JSON.parse(stdout);
  } finally {
    await rm(alone, { recursive: true });
  }
}

interface Building {
  onResolve(of: { filter: RegExp }, resolve: (asked: { path: string; importer: string }) => object | undefined): void;
  onLoad(of: { filter: RegExp; namespace: string }, load: () => object): void;
}

const withholding = ({ name, as }: NonNullable<Bundle['missing']>) => ({
  name: 'withholding',
  setup(build: Building) {
    build.onResolve({ filter: /^@nestjs\// }, ({ path, importer }) => {
      if (path !== name || !/packages.core.dist/.test(importer)) return undefined;
      return as === 'nothing' ? { path, external: true } : { path, namespace: 'empty' };
    });
    build.onLoad({ filter: /./, namespace: 'empty' }, () => ({ contents: 'module.exports = {};' }));
  },
});

/** Answers of the handlers of `answersOfBundle` where refusals are as they should be. */
export const refusedWithItsCode = {
  'socket refused': ['exception', 'tenant_required'],
  'socket open': ['ran', 'open'],
  'message refused': 'tenant_required',
  'message open': 'ran open',
};
