import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Body, Controller, Get, Headers, HttpCode, Inject, Post, Query } from '@nestjs/common';
import { TenantContext } from '@tenancy/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { type IsolationReport, proveIsolation } from '../../src/index.js';
import { isCall } from '../../src/proof/target/example.js';
import { Jobs, start, table } from './application.js';

let serial = 0;
let rows = 0;
const printed = new Map<string, string>();

/** Answers that move by themselves, are late, or come back; with a leak in them where `leaks` says so. */
const controllerThat = (leaks: boolean) => {
  @Controller()
  class MovingController {
    readonly #sent: string[] = [];

    constructor(
      @Inject(TenantContext) private readonly context: TenantContext,
      @Inject(Jobs) private readonly jobs: Jobs,
    ) {}

    #foreign(): string {
      const { tenantId } = this.context;
      return table.findLast((job) => job.tenantId !== tenantId)?.title ?? 'nothing';
    }

    @Post('numbered')
    number(@Body() { title }: { title: string }) {
      serial += 1;
      rows += 1;
      table.push({ id: randomUUID(), tenantId: this.context.tenantId, title });
      return leaks ? { title, invoice: rows } : { title, id: serial };
    }

    @Get('clock')
    clock() {
      const second = Math.floor(Date.now() / 1_000);
      const of = this.jobs.all().length;
      return {
        of: of > 0,
        at: new Date().toISOString(),
        second,
        minute: new Date().toISOString().slice(0, 16),
        own: this.jobs.all(),
      };
    }

    @Get('random')
    random() {
      const token = `${randomBytes(9).toString('hex')}${leaks ? ` ${this.#foreign()}` : ''}`;
      return { token, uptime: process.uptime(), memory: process.memoryUsage().heapUsed, own: this.jobs.all() };
    }

    @Get('sorted')
    sorted() {
      const sorted = this.jobs.all().toSorted((a, b) => (a.id < b.id ? -1 : 1));
      return leaks
        ? sorted.map((job) => ({ ...job, rank: table.toSorted((a, b) => (a.id < b.id ? -1 : 1)).indexOf(job) }))
        : sorted;
    }

    @Post('logged')
    @HttpCode(200)
    logged(@Body() { title }: { title: string }) {
      const { tenantId } = this.context;
      setTimeout(() => console.info(`${tenantId} wrote ${leaks ? table.map((job) => job.title).join() : title}`), 1);
      table.push({ id: randomUUID(), tenantId, title });
      return { title };
    }

    @Post('later')
    @HttpCode(202)
    later(@Body() { title }: { title: string }) {
      const { tenantId } = this.context;
      const whose = leaks ? (table.find((job) => job.tenantId !== tenantId)?.tenantId ?? tenantId) : tenantId;
      setTimeout(() => table.push({ id: randomUUID(), tenantId: whose, title }), 80).unref();
      return { accepted: true };
    }

    @Post('label')
    @HttpCode(200)
    print(@Body() { text }: { text: string }) {
      printed.set(text, printed.get(text) ?? randomUUID());
      return text.padEnd(60) + (leaks ? printed.get(text) : '');
    }

    @Post('address')
    @HttpCode(200)
    address(@Body() { text }: { text: string }) {
      printed.set(text, printed.get(text) ?? randomUUID());
      const number = leaks ? printed.get(text) : randomUUID();
      return { address: `${text}@letters.example`, number, message: 'Thank you for writing to us' };
    }

    @Get('echo')
    echo(@Query('q') q = '', @Headers('accept-language') language = '') {
      this.#sent.push(q);
      return { q, language, own: this.jobs.all(), ...(leaks && { before: this.#foreign() }) };
    }
  }
  return MovingController;
};

const canaryTitle = (_rows: unknown, { canary }: { canary(name: string): string }) => ({
  body: { title: canary('title') },
});
const canaryText = (_rows: unknown, { canary }: { canary(name: string): string }) => ({
  body: { text: canary('text') },
});
const examples = {
  'POST /address': canaryText,
  'POST /label': canaryText,
  'POST /numbered': canaryTitle,
  'POST /logged': canaryTitle,
  'POST /later': canaryTitle,
};

async function proof(leaks: boolean): Promise<IsolationReport> {
  const clean = async ({ id }: { id: string }) => {
    await sleep(100);
    for (let n = table.length - 1; n >= 0; n -= 1) if (table[n]?.tenantId === id) table.splice(n, 1);
  };
  await using app = await start(Jobs, { clean }, [controllerThat(leaks)]);
  return await proveIsolation(app, { examples });
}

const TRAPS = [
  ['V2: serial ids are no leak, a number that counts the rows of all is', 'POST /numbered', 'interference'],
  ['V4: a clock is no interference, rows that come late none either', 'GET /clock', 'worlds'],
  ['V5: what moves by itself is not compared, and still searched for texts', 'GET /random', 'own'],
  ['V6: random ids in order of their text are no interference, a rank among all is', 'GET /sorted', null],
  ["V7: a line that the other logs late is the other's, a line of the own work is not", 'POST /logged', 'own'],
  ["V11: rows that are written after the answer are whose they are, in the other's they are harm", 'POST /later', null],
  ['V16: what comes back of what was sent is no leak, what does not is', 'GET /echo', 'own'],
  [
    'V16: a label that is printed is no leak, the number that the other had for the same is',
    'POST /label',
    'existence',
  ],
  [
    'V16: thanks and an address made of what was sent are no leak, the number that the other had for the same is',
    'POST /address',
    'existence',
  ],
] as const;

describe.each([
  ['correct', false],
  ['leaky', true],
] as const)('the %s application', (_, leaks) => {
  let report: IsolationReport;
  beforeAll(async () => {
    report = await proof(leaks);
  });

  it.each(TRAPS)('%s', (_name, id, attack) => {
    const result = report.entrances.find(({ entrance }) => entrance.id === id);
    const leaking = result?.attacks.filter(({ verdict }) => verdict === 'leaks').map((each) => each.attack) ?? [];
    const why = result?.attacks
      .filter(({ verdict }) => verdict !== 'proven')
      .map((each) => `${each.attack}: ${each.why}`);
    if (!leaks) expect(result?.verdict, why?.join('\n')).toBe('proven');
    else if (attack) expect(leaking, why?.join('\n')).toContain(attack);
    else expect(result?.verdict).toBe('leaks');
  });
});

it('V19: an example that is a function makes a request, though functions have a `call`', () => {
  expect(isCall(() => ({}))).toBe(false);
  expect(isCall({ call: async () => null })).toBe(true);
});
