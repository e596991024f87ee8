import type { Deployment } from '../../src/settings/settings.module.js';

/** The platform as tests start it, on databases of theirs. */
export function testDeployment(
  given: Pick<Deployment, 'databaseUrl' | 'adminDatabaseUrl'> & Partial<Deployment>,
): Deployment {
  return {
    port: 0,
    baseDomain: 'localhost',
    protocol: 'http',
    signInsPerMinute: 6_000,
    jwtSecret: 'a secret of the tests, long enough for HS256',
    redisUrl: process.env['REDIS_URL'] ?? null,
    isolation: 'rows',
    throwAway: true,
    screeningPort: 0,
    ...given,
  };
}
