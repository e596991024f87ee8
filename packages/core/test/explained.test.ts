import { ConsoleLogger, Controller, Get, Logger, type LoggerService } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { TenantAdmin } from '../src/admin.js';
import {
  fromCustomDomain,
  fromJwt,
  fromSession,
  fromSignedHeader,
  fromSubdomain,
  signTenantHeader,
  TenancyModule,
  TenantContext,
  type TenantSource,
  Untenanted,
} from '../src/index.js';
import { adapters, type Call, call, SECRET, type Server, serve, testRegistry } from './server.js';

@Controller()
class WhoController {
  @Get('who')
  who() {
    return new TenantContext().tenantId;
  }

  @Untenanted()
  @Get('health')
  health() {
    return 'ok';
  }
}

const sign = (claims: object, options = {}) => new JwtService({ secret: SECRET }).sign(claims, options);
const debug = vi.fn();
const logger: LoggerService = { log: () => {}, error: () => {}, warn: () => {}, debug };
const lines = () => debug.mock.calls.map(([line]) => String(line)).filter((line) => line.includes('refused'));

describe.each(adapters)(
  'core-9: at debug level on %s, a refused request says what each source made of it',
  (adapter) => {
    let server: Server | undefined;
    afterEach(async () => {
      await server?.close();
      debug.mockClear();
    });

    const start = (sources: TenantSource[], use: LoggerService | false = logger) =>
      serve(
        adapter,
        { controllers: [WhoController], imports: [TenancyModule.forRoot({ registry: testRegistry(), sources })] },
        (app) => app.useLogger(use),
      );

    const refused = async (host: string, options: Call = {}) => {
      debug.mockClear();
      const { body } = await call(server as Server, host, '/who?token=in-the-query', options);
      expect(Object.keys(body).sort()).toEqual(['error', 'message', 'statusCode']);
      await vi.waitFor(() => expect(lines()).toHaveLength(1));
      return lines()[0] as string;
    };

    it('where the newcomer meets it first', async () => {
      server = await start([fromSubdomain({ baseDomain: 'app.example.com' }), fromJwt({ secret: SECRET })]);
      expect(await refused('acme.localhost:3000')).toBe(
        'WhoController.who refused a request with tenant_required: ' +
          'subdomain: host acme.localhost is not below app.example.com; jwt: no token',
      );
    });

    it('with every reason, and never a token or a secret', async () => {
      server = await start([
        fromSubdomain({ baseDomain: 'localhost' }),
        fromCustomDomain(),
        fromJwt({ secret: SECRET }),
        fromSignedHeader({ secret: SECRET }),
        fromSession({ tenantId: () => null }),
      ]);
      expect(await refused('nobody.localhost')).toContain(
        'subdomain: names the slug "nobody", and the registry knows no such tenant; custom-domain: names the domain "nobody.localhost", and the',
      );
      expect(await refused('localhost')).toContain('subdomain: host localhost is the base domain itself');
      expect(await refused('a.b.localhost')).toContain('host a.b.localhost is more than one label below localhost');
      expect(await refused('www.localhost')).toContain('host www.localhost has a reserved name');
      expect(await refused('127.0.0.1')).toContain('subdomain: the request was sent to no host name');
      expect(await refused('acme..localhost')).toContain('subdomain: the host is malformed, or was sent twice');
      expect(await refused('localhost')).toMatch(
        /signed-header: no header x-signed-tenant; session: no tenant's id yet$/,
      );

      const tokens: [string, string][] = [
        [sign({ tenantId: 't_acme' }, { expiresIn: -5 }), 'the token was not accepted (TokenExpiredError)'],
        [`${sign({ tenantId: 't_acme' }).slice(0, -3)}xyz`, 'the token was not accepted (JsonWebTokenError)'],
        [sign({ sub: 'user_1' }), 'the token has no claim tenantId'],
        [sign({ tenantId: 7 }), "the token has the claim tenantId, which is no tenant's id"],
        [sign({ tenantId: 't_gone' }), 'jwt: names the id "t_gone", and the registry knows no such tenant'],
      ];
      for (const [token, reason] of tokens) {
        const line = await refused('localhost', { token });
        expect(line).toContain(reason);
        expect(line).not.toContain(token);
        expect(line).not.toContain(token.split('.')[2]);
        expect(line).not.toContain(SECRET);
        expect(line).not.toContain('in-the-query');
      }
      const signed = signTenantHeader('t_acme', { secret: 'x'.repeat(32) });
      const line = await refused('localhost', { headers: { 'x-signed-tenant': signed } });
      expect(line).toContain('the header x-signed-tenant is malformed, signed with another secret, or older than 60 s');
      expect(line).not.toContain(signed);
      expect(await refused('acme.localhost', { token: sign({ tenantId: 't_globex' }) })).toMatch(
        /tenant_mismatch: subdomain: names the slug "acme"; .+jwt: names the id "t_globex"/,
      );
      expect(await refused('closed.localhost')).toContain('names the slug "closed", whose status is "suspended"');
    });

    it("and of what a session's reader returned no more than its length, unless it is a tenant's id", async () => {
      const cookie = 's:the-cookie-of-somebody.signature';
      const reader = {
        tenantId: ({ headers }: { headers: object }) => ('x-id' in headers ? (headers['x-id'] as string) : cookie),
      };
      server = await start([fromSubdomain({ baseDomain: 'localhost' }), fromSession(reader)]);
      const line = await refused('acme.localhost');
      expect(line).toContain(
        `session: names some id of ${cookie.length} characters, and the registry knows no such tenant`,
      );
      expect(line).not.toContain('somebody');
      expect(await refused('acme.localhost', { headers: { 'x-id': 't_globex' } })).toContain('names the id "t_globex"');
    });

    it("and so may a source of one's own, and a late one", async () => {
      const own: TenantSource = {
        name: 'certificate',
        after: 'guards',
        identify: () => null,
        explain: async () => 'no client certificate',
      };
      server = await start([fromSubdomain({ baseDomain: 'localhost' }), own, { name: 'mute', identify: () => null }]);
      expect(await refused('localhost')).toMatch(/certificate: no client certificate/);
      expect(await refused('localhost')).toMatch(/mute: nothing to say/);
    });

    it.each([
      ["Nest's own logger", new ConsoleLogger()],
      ['one that writes JSON', new ConsoleLogger({ json: true })],
      ["one of one's own", logger],
    ])('on Nest 11, where every level counts as off while none is set, with %s', async (_, use) => {
      const off = vi.spyOn(Logger, 'isLevelEnabled').mockReturnValue(false);
      const before = Reflect.get(Logger, 'staticInstanceRef') as LoggerService;
      const written = use === logger ? undefined : vi.spyOn(use, 'debug').mockImplementation(debug);
      try {
        server = await start([fromSubdomain({ baseDomain: 'localhost' })], use);
        expect(await refused('localhost')).toContain('subdomain: host localhost is the base domain itself');
      } finally {
        off.mockRestore();
        written?.mockRestore();
        Logger.overrideLogger(before);
      }
    });

    it.each<[string, LoggerService | false]>([
      ['a logger without debug', new ConsoleLogger({ logLevels: ['fatal'] })],
      ["a logger of one's own that says so", Object.assign({ ...logger }, { isLevelEnabled: () => false })],
      ['no logger', false],
    ])('and nothing with %s, where no source is asked again', async (_, use) => {
      const identify = vi.fn(() => null);
      const explain = vi.fn(() => 'asked');
      server = await start([{ name: 'own', identify, explain }], use);
      expect((await call(server, 'localhost', '/who')).status).toBe(401);
      expect((await call(server, 'localhost', '/health')).text).toBe('ok');
      await new Promise((resolve) => setImmediate(resolve));
      expect([identify.mock.calls.length, explain.mock.calls.length]).toEqual([2, 0]);
    });

    it("and nothing for a fault of the server's, which is in the log whole", async () => {
      const identify = () => {
        throw new Error('the directory is down');
      };
      server = await start([{ name: 'own', identify }]);
      expect((await call(server, 'localhost', '/who')).status).toBe(500);
      await new Promise((resolve) => setImmediate(resolve));
      expect(lines()).toEqual([]);
    });

    it('and of a source that fails when it is asked again, that it failed', async () => {
      let asked = 0;
      const identify = () => {
        asked += 1;
        if (asked > 1) throw new Error('the directory is down');
        return null;
      };
      server = await start([
        { name: 'flaky', identify },
        { name: 'mute', identify: () => null },
      ]);
      expect(await refused('localhost')).toMatch(/flaky: failed; mute: nothing to say$/);
    });

    it('and of a source that refuses by itself, why', async () => {
      server = await start([
        fromSubdomain({ baseDomain: 'localhost' }),
        fromJwt({ secret: SECRET, onInvalid: 'refuse' }),
      ]);
      expect(await refused('acme.localhost', { token: sign({ tenantId: 't_acme' }, { expiresIn: -5 }) })).toBe(
        'WhoController.who refused a request with tenant_required: ' +
          'subdomain: names the slug "acme"; jwt: the token was not accepted (TokenExpiredError)',
      );
    });

    it("and no source is asked for it in a tenant's context, whatever context the refusal comes in", async () => {
      const seen: boolean[] = [];
      const identify = () => {
        seen.push(new TenantContext().isActive());
        return null;
      };
      server = await serve(
        adapter,
        {
          controllers: [WhoController],
          imports: [
            TenancyModule.forRoot({ registry: testRegistry(), sources: [{ name: 'late', after: 'guards', identify }] }),
          ],
        },
        (app) => {
          app.useLogger(logger);
          const admin = app.get(TenantAdmin);
          app.use((_: unknown, __: unknown, next: () => void) => {
            void admin.runAs('t_acme', { reason: 'a test' }, next);
          });
        },
      );
      expect(await refused('localhost')).toContain('tenant_required: late: nothing to say');
      // First as `runAs` says, and then to explain it: Fastify's request is asked as it is, and as Node has it.
      const half = seen.length / 2;
      expect([seen.slice(0, half), seen.slice(half)]).toEqual([Array(half).fill(true), Array(half).fill(false)]);
    });

    it('and nothing for a route that needs no tenant, or a request that is let in', async () => {
      server = await start([fromSubdomain({ baseDomain: 'localhost' })]);
      await call(server, 'localhost', '/health');
      await call(server, 'acme.localhost', '/who');
      await refused('localhost');
      expect(lines()).toHaveLength(1);
    });
  },
);
