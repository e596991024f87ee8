import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { TestPlatform } from './support/platform.js';

describe('what machines ask about', () => {
  let platform: TestPlatform;
  beforeAll(async () => {
    platform = await TestPlatform.start();
  });
  afterAll(() => platform.stop());

  it('is healthy while the database answers, and says 503 and no more while it does not', async () => {
    const health = () => platform.call('localhost', '/health');
    expect(await health()).toMatchObject({ status: 200, body: { status: 'ok', info: { database: { status: 'up' } } } });
    // From another database: nobody can shut the one that they are in.
    const server = new pg.Client({ connectionString: inject('postgresUrl') });
    await server.connect();
    const { pathname } = new URL(platform.adminDatabaseUrl);
    const database = pg.escapeIdentifier(pathname.slice(1));
    platform.app.useLogger(false);
    await server.query(`alter database ${database} with allow_connections false`);
    try {
      // All but the test's own.
      const ends = 'select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and pid <> $2';
      const own = (await platform.outside.query('select pg_backend_pid() as pid')).rows[0].pid;
      await server.query(ends, [pathname.slice(1), own]);
      const { status, body, text } = await health();
      expect([status, body.error]).toEqual([503, { database: { status: 'down' } }]);
      expect(text).not.toContain('postgres');
    } finally {
      await server.query(`alter database ${database} with allow_connections true`);
      await server.end();
    }
    await expect.poll(async () => (await health()).status).toBe(200);
  });

  it('describes the API, and none of the pages', async () => {
    const { status, body } = await platform.call('localhost', '/openapi.json');
    expect(status).toBe(200);
    expect(Object.keys(body.paths)).toEqual(
      expect.arrayContaining(['/jobs', '/candidates/{id}', '/invoices', '/health']),
    );
    expect(Object.keys(body.paths).filter((path) => /desk|attacks|careers|assets/.test(path))).toEqual([]);
    const { schema } = body.paths['/jobs'].post.requestBody.content['application/json'];
    expect(JSON.stringify([schema, body.components?.schemas])).toContain('location');
  });
});
