import { Writable } from 'node:stream';
import { Controller, Get, Logger, type LoggerService } from '@nestjs/common';
import { LoggerModule, Logger as PinoLogger } from 'nestjs-pino';
import { type Logger as Pino, pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createLogger, format, transports } from 'winston';
import { fromSubdomain, TenancyModule, TenantContext, Untenanted } from '../../src/index.js';
import { TenantLogger, tenantPino, tenantWinston } from '../../src/logging.js';
import { acme, adapters, call, globex, type Server, serve, testRegistry } from '../server.js';

const context = new TenantContext();
const tenants = [acme, globex];
const turns = Array.from({ length: 40 }, (_, turn) => tenants[turn % 2] as typeof acme);
const pause = () => new Promise((resolve) => setTimeout(resolve, Math.random() * 5));

interface Line {
  readonly tenantId?: string;
  readonly msg?: string;
  readonly message?: string;
  readonly of?: string;
  readonly req?: { readonly headers: { readonly host: string } };
  readonly res?: { readonly statusCode: number };
}

/** The end of all lines. */
function sink() {
  const texts: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      texts.push(...String(chunk).split('\n').filter(Boolean));
      done();
    },
  });
  return { stream, texts, lines: () => texts.map((text) => JSON.parse(text) as Line) };
}

/** One for all: nestjs-pino keeps the first logger of the process for what is outside of its requests. */
const pinoSink = sink();

/** Work that goes on after whoever asked for it has been answered. */
const late: Promise<unknown>[] = [];
const logger = new Logger('Jobs');

@Controller()
class JobsController {
  @Get('jobs')
  async jobs() {
    logger.log(`early of=${context.tenantId}`);
    await pause();
    late.push(pause().then(() => logger.warn(`late of=${context.tenantId}`)));
    return 'jobs';
  }

  @Untenanted()
  @Get('health')
  async health() {
    await pause();
    logger.log('of=nobody');
    return 'ok';
  }
}

const imports = () => [
  TenancyModule.forRoot({ registry: testRegistry(), sources: [fromSubdomain({ baseDomain: 'app.example.com' })] }),
];

async function askAll(server: Server) {
  const asked = [
    ...turns.map(({ slug }) => [slug, '/jobs']),
    ['acme', '/health'],
    ['nobody', '/jobs'],
    ['globex', '/health'],
  ];
  await Promise.all(asked.map(([slug, path]) => call(server, `${slug}.app.example.com`, path as string)));
  await Promise.all(late.splice(0));
  await pause();
}

describe.each(adapters)('on %s', (adapter) => {
  afterEach(() => void vi.restoreAllMocks());

  it.each([
    ['json', true],
    ['text', false],
  ])("X3: each line of Nest's logger is of its request, interleaved (%s)", async (_, json) => {
    const texts: string[] = [];
    const server = await serve(adapter, { imports: imports(), controllers: [JobsController] }, (app) =>
      app.useLogger(new TenantLogger({ json, colors: false })),
    );
    const written = (text: unknown) => texts.push(String(text)) > 0;
    vi.spyOn(process.stdout, 'write').mockImplementation(written);
    vi.spyOn(process.stderr, 'write').mockImplementation(written);
    await askAll(server);
    vi.restoreAllMocks();
    await server.close();
    const about = texts
      .join('')
      .split('\n')
      .filter((text) => text.includes('of='));
    expect(about).toHaveLength(82);
    for (const text of about) {
      const of = /of=(\w+)/.exec(text)?.[1];
      const told = json ? (JSON.parse(text) as Line).tenantId : /\{(\w+)\}/.exec(text)?.[1];
      expect(told).toBe(of === 'nobody' ? undefined : of);
    }
  });

  describe('nestjs-pino', () => {
    // Its own default, which is for Express, matches nothing on Fastify 5.
    const routes = adapter === 'fastify' ? { forRoutes: ['{*path}'] } : {};
    const to = pinoSink;
    let server: Server;
    beforeAll(async () => {
      server = await serve(
        adapter,
        {
          imports: [
            ...imports(),
            LoggerModule.forRoot({ pinoHttp: [{ level: 'trace', ...tenantPino() }, to.stream], ...routes }),
          ],
          controllers: [JobsController],
        },
        (app) => app.useLogger(app.get<LoggerService>(PinoLogger as never)),
      );
    });
    afterAll(() => server.close());

    it('X3: lines, and those that are written once a request is answered, are of their request', async () => {
      to.texts.length = 0;
      await askAll(server);
      const about = to.lines().filter(({ msg }) => msg?.includes('of='));
      expect(about).toHaveLength(82);
      for (const { msg, tenantId } of about) {
        const of = /of=(\w+)/.exec(msg as string)?.[1];
        expect(tenantId).toBe(of === 'nobody' ? undefined : of);
      }
      const completed = to.lines().filter(({ res }) => res);
      expect(completed).toHaveLength(43);
      for (const { req, res, tenantId } of completed) {
        const slug = req?.headers.host.split('.')[0];
        if (slug === 'nobody') expect([res?.statusCode, tenantId]).toEqual([401, undefined]);
        // An untenanted route has left the tenant by then.
        else if (tenantId !== undefined) expect(tenantId).toBe(`t_${slug}`);
      }
      expect(completed.filter(({ tenantId }) => tenantId !== undefined)).toHaveLength(40);
    });
  });
});

describe('pino', () => {
  it('X3: a field of what is logged names no other tenant', () => {
    const to = sink();
    const own = tenantPino({ mixin: () => ({ region: 'eu', tenantId: 'forged' }) });
    const log: Pino = pino(own, to.stream);
    context.run(acme, () => {
      log.info({ tenantId: 'forged', a: 1 }, 'one');
      log.child({ b: 2 }).info('two');
    });
    log.info('three');
    expect(to.lines()).toMatchObject([
      { tenantId: 't_acme', a: 1, region: 'eu', msg: 'one' },
      { tenantId: 't_acme', b: 2, msg: 'two' },
      { msg: 'three' },
    ]);
    expect(() => tenantPino({ mixn: 1 } as never)).toThrow(/mixn: is unknown/);
    expect(() => tenantPino({ mixin: 1 } as never)).toThrow(/tenantPino\.mixin/);
  });
});

describe('winston', () => {
  it('X3: lines that wait for a slow transport are of whoever wrote them, interleaved', async () => {
    const texts: string[] = [];
    const slow = new Writable({
      objectMode: true,
      highWaterMark: 1,
      write(chunk, _encoding, done) {
        // As winston's own transports read it.
        texts.push((chunk as Record<symbol, string>)[Symbol.for('message')] ?? '');
        setTimeout(done, 1);
      },
    });
    const log = tenantWinston(
      createLogger({ format: format.json(), transports: [new transports.Stream({ stream: slow })] }),
    );
    for (const tenant of turns) context.run(tenant, () => log.info('line', { of: tenant.id, tenantId: 'forged' }));
    for (const tenant of turns)
      context.run(tenant, () => log.child({ part: 'x' }).warn({ message: 'line', of: tenant.id }));
    log.info('line', { of: 'nobody' });
    await vi.waitFor(() => expect(texts).toHaveLength(81), { timeout: 20_000 });
    const lines = texts.map((text) => JSON.parse(text) as Line);
    expect(lines.map(({ tenantId }) => tenantId)).toEqual(lines.map(({ of }) => (of === 'nobody' ? undefined : of)));
    expect(() => tenantWinston({} as never)).toThrow(/is given no logger/);
  });
});

it('X3: an id cannot forge a line', () => {
  const texts: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => texts.push(String(text)) > 0);
  const log = new TenantLogger({ colors: false });
  for (const id of ['a\n[Nest] 1 LOG forged', '\u001b[31mred', 'a} {t_acme', '\u202eevil', 'a\u2028b', 'Ä/ß_1'])
    context.run({ id, slug: 'x' }, () => log.log('line'));
  vi.restoreAllMocks();
  expect(texts.map((text) => /\{(.*)\} line\n$/.exec(text)?.[1])).toEqual([
    'a\\u{a}\\u{5b}Nest\\u{5d}\\u{20}1\\u{20}LOG\\u{20}forged',
    '\\u{1b}\\u{5b}31mred',
    'a\\u{7d}\\u{20}\\u{7b}t_acme',
    '\\u{202e}evil',
    'a\\u{2028}b',
    'Ä/ß_1',
  ]);
});

it('C6: outside of every tenant a field of a logged object names none, interleaved with those of tenants', () => {
  const to = sink();
  const loggers = [
    pino({ base: null, ...tenantPino() }, to.stream),
    tenantWinston(createLogger({ format: format.json(), transports: [new transports.Stream({ stream: to.stream })] })),
  ];
  for (const log of loggers) {
    (log.info as (...args: unknown[]) => unknown)({ tenantId: 't_globex', message: 'x', kept: 1 });
    context.run(acme, () => (log.info as (...args: unknown[]) => unknown)({ tenantId: 't_globex', message: 'x' }));
  }
  expect(to.lines().map(({ tenantId }) => tenantId)).toEqual([undefined, 't_acme', undefined, 't_acme']);
  expect(to.texts.filter((text) => text.includes('"kept":1'))).toHaveLength(2);
});
