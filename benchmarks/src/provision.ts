import { createDatabase, startPostgres } from '@tenancy/testing/postgres';
import pg from 'pg';
import type { Benchmark, Row } from './benchmark.js';
import { inPairs, summary } from './paired-ratios.js';
import { ours, statements, type Way } from './provision/ways.js';

/** Tenants of a sample. */
const TENANTS = 25;
const PAIRS = 9;

/** The time to make a tenant with a schema of its own by one text, against the statements by themselves. */
export const provision: Benchmark = {
  name: 'provision',
  async *measure() {
    const server = await startPostgres({ settings: { autovacuum: 'off' } });
    const admin = new pg.Client({ connectionString: server.url });
    await admin.connect();
    try {
      await admin.query('create role app');
      for (const isOne of [false, true]) {
        const against = isOne ? 'statements, one transaction' : 'statements';
        const pairs = await inPairs(
          PAIRS,
          () => sample(server.url, ours),
          () => sample(server.url, statements({ isOne })),
        );
        yield row(
          against,
          'p50',
          pairs.map(([one, other]) => one / other),
        );
        if (!isOne)
          yield row(
            '',
            'p50-ms',
            pairs.map(([one]) => one),
          );
      }
    } finally {
      await admin.end();
      await server.stop();
    }
  },
};

/** The median of the milliseconds of a tenant, in a database of its own. */
async function sample(url: string, way: Way): Promise<number> {
  const database = await createDatabase(url);
  try {
    const slugs = Array.from({ length: TENANTS }, (_, n) => `t${n}`);
    return summary(await way(database.url, slugs)).median;
  } finally {
    await database.stop();
  }
}

function row(against: string, metric: Row['metric'], values: readonly number[]): Row {
  return {
    ...{ benchmark: 'provision', case: 'a schema, ten migrations', against, metric },
    ...{ ratio: summary(values), pairs: values.length, node: process.versions.node },
  };
}
