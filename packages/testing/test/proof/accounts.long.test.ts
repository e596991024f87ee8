import { createHmac, randomUUID } from 'node:crypto';
import {
  Body,
  Controller,
  Get,
  Header,
  HttpCode,
  Inject,
  Module,
  NotFoundException,
  Patch,
  Post,
  UnprocessableEntityException,
} from '@nestjs/common';
import { fromJwt, InMemoryTenantRegistry, TenancyModule, TenantContext } from '@tenancy/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { createIsolationHarness, type IsolationReport, proveIsolation, signTestToken } from '../../src/index.js';
import { acme, globex } from './application.js';

// A type, as an interface is no row.
type Account = {
  readonly id: string;
  readonly tenantId: string;
  readonly email: string;
  name: string;
  /** Another tenant, as the account's owner knows it. */
  readonly partner?: string;
};

const secret = 'a secret of the tests, long enough for HS256';
const base64 = (text: string) => Buffer.from(text).toString('base64url');
const signature = (text: string) => createHmac('sha256', secret).update(text).digest('base64url');

/** A link that was mailed: `sub` is the account. */
function linkFor(sub: string): string {
  const text = `${base64('{"alg":"HS256"}')}.${base64(JSON.stringify({ sub }))}`;
  return `${text}.${signature(text)}`;
}

/** Proves an application where one account is signed in all along, and each tenant may have any address once; with leaks or without. */
async function proofOf(leaks: boolean): Promise<IsolationReport> {
  const table: Account[] = [];
  const signedIn = (tenantId: string) =>
    table.find((each) => each.tenantId === tenantId && each.email.startsWith('me@'));

  @Controller()
  class AccountsController {
    constructor(@Inject(TenantContext) private readonly context: TenantContext) {}

    #by(is: (account: Account) => boolean): Account | undefined {
      const { tenantId } = this.context;
      return table.find((account) => (leaks || account.tenantId === tenantId) && is(account));
    }

    @Post('accounts')
    register(@Body() { email, name }: Account) {
      if (this.#by((each) => each.email === email)) throw new UnprocessableEntityException('taken');
      const account = { id: randomUUID(), tenantId: this.context.tenantId, email, name };
      table.push(account);
      return account;
    }

    @Post('reminders')
    @HttpCode(204)
    remind(@Body() { email }: Account) {
      if (!this.#by((each) => each.email === email)) throw new UnprocessableEntityException('nobody');
    }

    @Post('links')
    @HttpCode(200)
    confirm(@Body() { link }: { link: string }) {
      const [head, payload = '', sign] = String(link).split('.');
      if (signature(`${head}.${payload}`) !== sign) throw new UnprocessableEntityException('no link');
      const { sub } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { sub: string };
      const account = this.#by(({ id }) => id === sub);
      if (!account) throw new NotFoundException();
      return account;
    }

    @Patch('me')
    rename(@Body() { nick }: { nick: string }) {
      const me = signedIn(this.context.tenantId) as Account;
      me.name = nick;
      return { name: nick };
    }

    @Get('picture')
    @Header('cache-control', `public, max-age=${leaks ? 60 : 0}`)
    picture() {
      return table.filter(({ tenantId }) => tenantId === this.context.tenantId).map(({ name }) => name);
    }
  }

  const tenants = { acme, globex };
  @Module({
    imports: [
      TenancyModule.forRoot({
        registry: new InMemoryTenantRegistry(Object.values(tenants)),
        sources: [fromJwt({ secret })],
      }),
    ],
    controllers: [AccountsController],
  })
  class AppModule {}

  await using app = await createIsolationHarness(AppModule, {
    tenants,
    host: () => 'app.localhost',
    signIn: (tenant) => signTestToken(tenant, { secret }),
    seed: ({ id: tenantId, slug }, { canary }) => {
      if (!signedIn(tenantId)) {
        const partner = tenantId === acme.id ? globex.id : acme.id;
        table.push({ id: randomUUID(), tenantId, email: `me@${slug}.test`, name: canary('name'), partner });
      }
      const account = { id: randomUUID(), tenantId, email: `${canary('email')}@example.test`, name: canary('name') };
      table.push(account);
      const { partner, ...me } = signedIn(tenantId) as Account;
      return { account, me };
    },
    rows: async ({ id }) => ({ account: structuredClone(table.filter(({ tenantId }) => tenantId === id)) }),
  });
  return await proveIsolation(app, {
    examples: {
      'POST /accounts': (_, { canary }) => ({
        body: { email: `${canary('email')}@example.test`, name: canary('name') },
      }),
      'POST /reminders': ({ account }) => ({ body: { email: account.email } }),
      'POST /links': ({ account }) => ({ body: { link: linkFor(account.id) } }),
      'PATCH /me': (_, { canary }) => ({ body: { nick: canary('nick') } }),
    },
    exempt: { 'POST /reminders': { own: 'writes nothing, and answers with nothing' } },
  });
}

describe.each([
  ['each tenant has its own accounts', false],
  ['accounts are looked up among all', true],
])('where %s', (_, leaks) => {
  let report: IsolationReport;
  beforeAll(async () => {
    report = await proofOf(leaks);
  });
  const of = (id: string) => report.entrances.find(({ entrance }) => entrance.id === id);
  const verdictAt = (id: string, attack: string) => of(id)?.attacks.find((each) => each.attack === attack);

  it('an address that both have by now tells nothing, and one that the other alone has does', () => {
    for (const id of ['POST /accounts', 'POST /reminders']) {
      expect(verdictAt(id, 'existence')).toMatchObject({ verdict: leaks ? 'leaks' : 'proven' });
    }
  });

  it('a signed link is compared with none that nobody can sign', () => {
    expect(verdictAt('POST /links', 'foreign-id')).toMatchObject({ verdict: leaks ? 'leaks' : 'proven' });
    expect(verdictAt('POST /links', 'existence')).toMatchObject({ verdict: 'not applicable' });
  });

  it("the other's name in an own row is no harm where it was there before", () => {
    expect(verdictAt('PATCH /me', 'interleaved')).toMatchObject({ verdict: 'proven' });
  });

  it('an answer that caches ask for each time is kept for nobody, and one for a minute is', () => {
    expect(verdictAt('GET /picture', 'answer-headers')).toMatchObject({ verdict: leaks ? 'leaks' : 'proven' });
  });
});
