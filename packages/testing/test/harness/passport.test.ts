import { Controller, Get, Injectable, Module, type OnApplicationShutdown, Req, UseGuards } from '@nestjs/common';
import { AuthGuard, PassportModule, PassportStrategy } from '@nestjs/passport';
import { fromJwt, fromSubdomain, InMemoryTenantRegistry, TenancyModule } from '@tenancy/core';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { expect, it } from 'vitest';
import { createIsolationHarness, signTestToken } from '../../src/index.js';

const secret = 'the secret of this test, of 32 bytes or more';
const acme = { id: 't_acme', slug: 'acme' };
const globex = { id: 't_globex', slug: 'globex' };

/** In place of a pool that ends with its application. */
@Injectable()
class Users implements OnApplicationShutdown {
  #ended = false;

  onApplicationShutdown() {
    this.#ended = true;
  }

  find(id: string) {
    if (this.#ended) throw new Error('Cannot use a pool after calling end on the pool');
    return { id };
  }
}

@Injectable()
class SignedIn extends PassportStrategy(Strategy) {
  constructor(private readonly users: Users) {
    super({ jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(), secretOrKey: secret });
  }

  validate({ tenantId }: { tenantId: string }) {
    return this.users.find(tenantId);
  }
}
Reflect.defineMetadata('design:paramtypes', [Users], SignedIn);

@Controller('me')
class Me {
  @Get()
  @UseGuards(AuthGuard('jwt'))
  me(@Req() { user }: { user: object }) {
    return user;
  }
}

const sources = [fromSubdomain({ baseDomain: 'localhost' }), fromJwt({ secret })];
@Module({
  imports: [PassportModule, TenancyModule.forRoot({ registry: new InMemoryTenantRegistry([acme, globex]), sources })],
  controllers: [Me],
  providers: [Users, SignedIn],
})
class AppModule {}

it('asks its own strategies of Passport again once a fresh application has ended', async () => {
  await using harness = await createIsolationHarness(AppModule, {
    tenants: { acme, globex },
    signIn: (tenant) => signTestToken(tenant, { secret }),
    seed: (_tenant, { canary }) => ({ note: { text: canary('note') } }),
  });
  const client = harness.as(acme);
  expect((await client.get('/me')).status).toBe(200);
  const fresh = await harness.fresh();
  expect((await fresh.as(acme).get('/me')).status).toBe(200);
  await fresh.close();
  expect(await client.get('/me')).toMatchObject({ status: 200, body: { id: 't_acme' } });
});
