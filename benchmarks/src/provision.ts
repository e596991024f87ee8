import { createDatabase, startPostgres } from '@tenancy/testing/postgres';
import pg from 'pg';
import type { Benchmark, Row } from './benchmark.js';
import { inPairs, summary } from './paired-ratios.js';
import { ours, statements, text, type Way } from './provision/ways.js';

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
      const { url } = server;
      const compared = async (way: Way, other: Way) =>
        inPairs(
          PAIRS,
          () => sample(url, way),
          () => sample(url, other),
        );
      const texts = await compared(text({ isOne: true }), text({ isOne: false }));
      yield row('one text', 'its statements, one by one', 'p50', ratios(texts));
      yield row(
        'one text',
        '',
        'p50-ms',
        texts.map(([one]) => one),
      );
      for (const isOne of [false, true]) {
        const pairs = await compared(ours, statements({ isOne }));
        yield row('provisionTenant', isOne ? 'statements, one transaction' : 'statements', 'p50', ratios(pairs));
        if (!isOne)
          yield row(
            'provisionTenant',
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

const ratios = (pairs: readonly (readonly [number, number])[]) => pairs.map(([one, other]) => one / other);

function row(name: string, against: string, metric: Row['metric'], values: readonly number[]): Row {
  return {
    ...{ benchmark: 'provision', case: name, against, metric },
    ...{ ratio: summary(values), pairs: values.length, node: process.versions.node },
  };
}
