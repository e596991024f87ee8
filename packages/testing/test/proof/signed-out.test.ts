import { randomUUID } from 'node:crypto';
import { Controller, Headers, HttpCode, Inject, Post } from '@nestjs/common';
import { expect, it } from 'vitest';
import { proveIsolation } from '../../src/index.js';
import { Jobs, start } from './application.js';

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
}, 120_000);
