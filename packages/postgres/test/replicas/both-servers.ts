import pg from 'pg';
import { acme } from '../database/floor-database.js';
import { answeredBy, ReplicatedDatabase } from './replicated-database.js';
import type { Standby } from './standby.js';

type Options = NonNullable<Parameters<ReplicatedDatabase['pool']>[0]>;

/** A database, after `setUp`, with a pool whose reads a replica answers, one without replicas, and a connection with nothing of ours. */
export async function openBothServers(setUp: string, checks: Options['checks'] = {}) {
  const database = await ReplicatedDatabase.open();
  const replica = database.replicas[0] as Standby;
  await database.outside.query(setUp);
  const onReplica = database.pool({ reads: { waitMillis: 30_000 }, checks });
  const onPrimary = database.pool({ replicas: [], checks });
  await database.context.run(acme, () => answeredBy(onReplica, replica.port));
  /** The application's own connection to the replica. */
  const raw = new pg.Client({ connectionString: replica.urlAs('app', 'app') });
  await raw.connect();
  await raw.query(`set app.tenant_id = '${acme.id}'`);
  const stop = async () => {
    await raw.end();
    await database.stop();
  };
  return { context: database.context, onReplica, onPrimary, raw, stop };
}
