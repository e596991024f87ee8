import type { PoolConfig } from 'pg';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { databaseAddress } from '../../src/databases/database-address.js';

const at = (config: PoolConfig | string) =>
  databaseAddress(typeof config === 'string' ? { connectionString: config } : config);

describe('databaseAddress', () => {
  beforeEach(() => {
    for (const name of ['PGHOST', 'PGPORT', 'PGDATABASE', 'PGUSER']) vi.stubEnv(name, '');
  });
  afterEach(() => vi.unstubAllEnvs());

  const same: readonly (readonly [PoolConfig | string, PoolConfig | string])[] = [
    ['postgres://db/acme', { host: 'db', port: 5432, database: 'acme' }],
    ['postgres://db/acme', 'postgresql://app:secret@DB:5432/acme?application_name=x'],
    ['postgres://db/acme', { host: 'other', database: 'other', connectionString: 'postgres://db/acme' }],
    ['postgres://db/acme', 'postgres://other/acme?host=db&port=5432'],
    ['postgres://db.internal/acme', 'postgres://db.internal./acme'],
    ['postgres://db/ac%20me', { host: 'db', database: 'ac me' }],
    ['postgres://localhost/acme', { database: 'acme' }],
    ['postgres://localhost/acme', 'postgres:///acme'],
    ['postgres://localhost/acme', 'postgres://app:secret@/acme'],
    ['postgres://localhost/acme', 'postgres://127.0.0.1/acme'],
    ['postgres://localhost/acme', 'postgres://127.0.0.2/acme'],
    ['postgres://localhost/acme', 'postgres://[::1]/acme'],
    ['postgres://localhost/acme', { host: '0:0:0:0:0:0:0:1', database: 'acme' }],
    ['postgres://localhost/acme', { host: '::ffff:127.0.0.1', database: 'acme' }],
    ['postgres://10.0.0.7/acme', { host: '::ffff:10.0.0.7', database: 'acme' }],
    ['postgres://10.0.0.7/acme', { host: '10.7', database: 'acme' }],
    ['postgres://localhost/acme', '/var/run/postgresql acme'],
    ['postgres://localhost/acme', { host: '/tmp/', database: 'acme' }],
    ['postgres://localhost/acme', 'socket:/run/postgresql?db=acme'],
    [
      { host: '/srv/a', database: 'acme' },
      { host: '/srv/./b/../a/', database: 'acme' },
    ],
    // PostgreSQL cuts a name off after 63 bytes.
    [
      { host: 'db', database: `${'a'.repeat(63)}1` },
      { host: 'db', database: `${'a'.repeat(63)}2` },
    ],
  ];
  it.each(same)('%j is the same database as %j', (one, other) => {
    expect(at(one)).toBe(at(other));
  });

  const different: readonly (readonly [PoolConfig | string, PoolConfig | string])[] = [
    ['postgres://db/acme', 'postgres://db/globex'],
    ['postgres://db/acme', 'postgres://db/ACME'],
    ['postgres://db/acme', 'postgres://db:5433/acme'],
    ['postgres://db/acme', 'postgres://other/acme'],
    ['postgres://10.0.0.1/acme', 'postgres://10.0.0.2/acme'],
    // As in a cloud where each instance has a directory of its own.
    [
      { host: '/cloudsql/project:region:one', database: 'acme' },
      { host: '/cloudsql/project:region:two', database: 'acme' },
    ],
    [
      { host: 'db', database: 'é' },
      { host: 'db', database: 'è' },
    ],
  ];
  it.each(different)('%j is another database than %j', (one, other) => {
    expect(at(one)).not.toBe(at(other));
  });

  it('takes host and port from the environment, as pg does', () => {
    vi.stubEnv('PGHOST', 'db');
    vi.stubEnv('PGPORT', '5433');
    expect(at({ database: 'acme' })).toBe(at('postgres://db:5433/acme'));
  });

  it.each<PoolConfig | string>([
    {},
    { host: 'db' },
    { host: 'db', database: '' },
    { host: 'db', user: 'app', database: undefined },
    'postgres://db',
    'postgres://db/',
    'postgres://app@/',
    { database: 'acme', connectionString: 'postgres://db/' },
    '/var/run/postgresql',
    'socket:/var/run/postgresql',
    'postgres://db:port/acme',
  ])('P2: %j names no database, whatever the environment says', (config) => {
    vi.stubEnv('PGDATABASE', 'everybody');
    expect(() => at(config)).toThrow(TypeError);
  });

  it('opens no stream of the configuration', () => {
    const stream = vi.fn();
    at({ database: 'acme', stream });
    expect(stream).not.toHaveBeenCalled();
  });
});
