import { createSocket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { Controller, Delete, Get, HttpException, Inject, Param, Req, StreamableFile } from '@nestjs/common';
import { TenantContext } from '@tenancy/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { Limit } from '../../src/proof/target/limit.js';
import { type ComparedWorlds, comparedWorlds } from '../../src/proof/worlds/compared-worlds.js';
import { acme, Jobs, start, table } from './application.js';

/** Begins with the other's id and slug, as no two names that were thought of by chance do. */
const labs = { id: 't_acme_labs', slug: 'acme-labs' };

type Sender = { socket: { kept?: Map<string, string> } };

/** Ways in which fresh applications may differ; with a leak in each where `leaks` says so. */
const controllerThat = (leaks: boolean) => {
  // What a module remembers outlives its applications.
  const first = new Map<string, string>();
  let applications = 0;
  let usedUp = 0;
  const gone = new Set<string>();

  @Controller()
  class ComparedController {
    readonly #number = (applications += 1);
    readonly #seated = new Set<string>();
    readonly #removed = new Map<string, string[]>();
    readonly #listeners = new Set<string>();
    readonly #socket = createSocket('udp4').unref();
    #token: string | undefined;
    #seat = '';
    #calls = 0;
    #running = 0;
    #answered: unknown;

    constructor(
      @Inject(TenantContext) private readonly context: TenantContext,
      @Inject(Jobs) private readonly jobs: Jobs,
    ) {}

    /** Key of what is remembered: the tenant, or, with a leak, for everybody. */
    get #key(): string {
      return leaks ? 'everybody' : this.context.tenantId;
    }

    get #title(): string {
      return this.jobs.all()[0]?.title ?? 'none';
    }

    /** Those of which a leak tells. */
    get #rows() {
      return leaks ? table.filter(({ tenantId }) => this.context.tenantId !== tenantId) : this.jobs.all();
    }

    @Get('first')
    first() {
      if (!first.has(this.#key)) first.set(this.#key, this.#title);
      return { first: first.get(this.#key) };
    }

    @Get('stack')
    stack() {
      const stacktrace = ['Error', ' at find', ...(this.#number === 2 ? [' at compile'] : [])];
      throw new HttpException({ message: this.#rows[0]?.title, extensions: { stacktrace } }, 400);
    }

    @Get('limited')
    limited() {
      this.#calls += 1;
      if (this.#calls > 1) throw new HttpException(leaks ? this.#rows : 'Too many', 429);
      return this.#title;
    }

    @Get('socket')
    socket(@Req() { socket }: Sender) {
      socket.kept ??= new Map();
      if (!socket.kept.has(this.#key)) socket.kept.set(this.#key, this.#title);
      return { kept: socket.kept.get(this.#key) };
    }

    @Get('seat')
    seat() {
      const { tenantId } = this.context;
      const again = leaks ? this.#seat === tenantId : this.#seated.has(tenantId);
      this.#seat = tenantId;
      this.#seated.add(tenantId);
      return { again };
    }

    @Get('busy')
    async busy() {
      this.#running += 1;
      try {
        if (this.#running > 8) {
          if (leaks && this.#answered) return this.#answered;
          throw new HttpException('Busy', 503);
        }
        const answer = this.jobs.all();
        await sleep(50);
        this.#answered = answer;
        return answer;
      } finally {
        this.#running -= 1;
      }
    }

    @Delete('jobs/:id')
    remove(@Param('id') id: string) {
      const { tenantId } = this.context;
      const removed = this.#removed.get(this.#key) ?? [];
      if (gone.has(`${tenantId} ${id}`)) usedUp += 1;
      this.#removed.set(this.#key, [...removed, id]);
      const n = table.findIndex((job) => job.id === id && job.tenantId === tenantId);
      if (n < 0) throw new HttpException('Not found', 404);
      table.splice(n, 1);
      gone.add(`${tenantId} ${id}`);
      return { removed: removed.length };
    }

    @Get('archive')
    archive() {
      return new StreamableFile(gzipSync(JSON.stringify(this.#rows)), { type: 'application/gzip' });
    }

    @Get('sheet')
    sheet() {
      return new StreamableFile(Buffer.from(JSON.stringify(this.#rows), 'utf16le'), { type: 'text/csv' });
    }

    @Get('pages')
    pages() {
      return { next: Buffer.from(JSON.stringify(this.#rows[0])).toString('base64') };
    }

    /** By a token that whoever comes first fetches for all, and a socket that is bound when it is first used. */
    @Get('told')
    async told() {
      this.#listeners.add(this.context.tenantId);
      this.#token ??= await fetch('http://127.0.0.1:9/token').then(
        () => 'token',
        () => 'none',
      );
      const listeners = leaks ? [...this.#listeners] : [this.context.tenantId];
      for (const _ of listeners) this.#socket.send('It was asked for.', 9, '127.0.0.1');
      return this.jobs.all();
    }

    onModuleDestroy() {
      this.#socket.close();
    }

    @Get('prefixed')
    prefixed() {
      const { tenantId } = this.context;
      return table.filter((job) => (leaks ? job.tenantId.startsWith(tenantId) : job.tenantId === tenantId));
    }
  }
  return { controller: ComparedController, usedUp: () => usedUp };
};

const clean = ({ id }: { id: string }) => {
  for (let n = table.length - 1; n >= 0; n -= 1) if (table[n]?.tenantId === id) table.splice(n, 1);
};

const TRAPS = [
  [
    'V3: what is remembered for each stays its own, what the first left in a module is found though its rows are gone',
    'GET /first',
  ],
  ['V8: a stack trace that is longer in a cold application is no leak, a message that names a row is', 'GET /stack'],
  ['V10: a limit by address that the other used up is no leak, what its refusal tells is', 'GET /limited'],
  ['V10: what a socket keeps for each is no leak, what it keeps for all is', 'GET /socket'],
  ['V13: who was there before is no leak, who was there last is', 'GET /seat'],
  ['V13: what the first one fetches for all is no leak, what goes out for the other too is', 'GET /told'],
  ['V14: refusals under load are no leak, the answer of another one is', 'GET /busy'],
  ['V15: calls that take rows away are answered alike, but where the number of all is told', 'DELETE /jobs/:id'],
  ['V17: own rows in gzip are no leak, those of the other are', 'GET /archive'],
  ['V17: own rows in UTF-16 are no leak, those of the other are', 'GET /sheet'],
  ['V17: a cursor in base64 moves with its ids, one of the other is a leak', 'GET /pages'],
  ['V18: a tenant whose name goes on where the own ends is another one', 'GET /prefixed'],
] as const;

describe.each([
  ['correct', false],
  ['leaky', true],
] as const)('the %s application', (_, leaks) => {
  const { controller, usedUp } = controllerThat(leaks);
  let compared: ComparedWorlds;
  beforeAll(async () => {
    await using app = await start(Jobs, { clean, tenants: { acme, labs } }, [controller]);
    compared = await comparedWorlds(app, {}, new Limit(performance.now() + 30_000));
  }, 40_000);

  it.each(TRAPS)('%s', (_name, id) => {
    const { verdict, why } = compared.findings.get(id) ?? compared.otherwise;
    expect(verdict, why).toBe(leaks ? 'leaks' : 'proven');
  });

  it('V15: each call that takes a row away has one that is there', () => {
    expect(usedUp()).toBe(0);
  });
});
