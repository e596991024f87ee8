import { randomUUID } from 'node:crypto';
import {
  Controller,
  Get,
  Headers,
  HttpCode,
  Inject,
  NotFoundException,
  Param,
  Post,
  UnauthorizedException,
} from '@nestjs/common';
import { expect, it } from 'vitest';
import { proveIsolation } from '../../src/index.js';
import { Jobs, start, table } from './application.js';

const sessions = new Set<string>();

/** Answers as GraphQL does, with the status 200 whatever happens. */
@Controller()
class SessionsController {
  constructor(@Inject(Jobs) private readonly jobs: Jobs) {}

  @Post('a/session/end')
  @HttpCode(200)
  end(@Headers('authorization') token: string) {
    return sessions.delete(token) ? { data: this.jobs.all() } : { errors: [{ message: 'no session' }] };
  }

  @Post('b/operation')
  @HttpCode(200)
  operation(@Headers('authorization') token: string) {
    if (sessions.has(token)) return { data: this.jobs.all() };
    return { errors: [{ message: 'Unauthorized', extensions: { code: 'UNAUTHENTICATED' } }], data: null };
  }
}

it('signs in again where GraphQL says that the session has ended', async () => {
  const signIn = () => {
    const token = `Bearer ${randomUUID()}`;
    sessions.add(token);
    return { headers: { authorization: token } };
  };
  await using app = await start(Jobs, { signIn }, [SessionsController]);
  const { entrances } = await proveIsolation(app);
  const own = Object.fromEntries(
    entrances.map(({ entrance, attacks }) => [entrance.id, attacks.find(({ attack }) => attack === 'own')?.verdict]),
  );
  expect(own).toMatchObject({ 'POST /b/operation': 'proven' });
});

/** Its tokens are good for a few calls, after which everything is refused. */
const controllerThat = (leaks: boolean, calls: Map<string, number>) => {
  @Controller()
  class ShortController {
    constructor(@Inject(Jobs) private readonly jobs: Jobs) {}

    @Get('jobs/:id')
    find(@Param('id') id: string, @Headers('authorization') token: string) {
      const left = calls.get(token) ?? 0;
      calls.set(token, left - 1);
      if (left <= 0) throw new UnauthorizedException();
      const job = (leaks ? table : this.jobs.all()).find((each) => each.id === id);
      if (!job) throw new NotFoundException();
      return job;
    }
  }
  return ShortController;
};

it.each([
  ['correct', false],
  ['leaky', true],
] as const)(
  'attacks once more where the session ended on the way: the %s application',
  async (_, leaks) => {
    const calls = new Map<string, number>();
    const signIn = () => {
      const token = `Bearer ${randomUUID()}`;
      calls.set(token, 1);
      return { headers: { authorization: token } };
    };
    await using app = await start(Jobs, { signIn }, [controllerThat(leaks, calls)]);
    const exempt = { 'GET /jobs/:id': { worlds: 'Its fresh applications call more often.', 'other-host': 'no hosts' } };
    const { entrances } = await proveIsolation(app, { exempt });
    const [{ verdict, attacks } = { verdict: null, attacks: [] }] = entrances;
    const why = attacks.map((each) => `${each.attack}: ${each.verdict}: ${each.why}`).join('\n');
    expect(verdict, why).toBe(leaks ? 'leaks' : 'proven');
  },
  120_000,
);
