import { backendOf } from './backend.js';
import { laneOf } from './lane-of.js';
import { forgetRedisLane } from './redis-places.js';

/** Takes the id of a tenant that has no jobs any more out of the turns of a queue, whether or not this process gives any. */
export async function forgetLane(queue: object, name: string, tenantId: string): Promise<void> {
  const lane = laneOf(tenantId);
  const backend = await backendOf(queue, undefined);
  if (backend.kind === 'redis') return forgetRedisLane(backend, name, lane);
  const { rows } = await backend.pool.query(`SELECT to_regclass('tenancy_fair_lane') IS NOT NULL AS fair`);
  if (rows[0]?.['fair'] !== true) return;
  await backend.pool.query('DELETE FROM tenancy_fair_lane WHERE queue = $1 AND lane = $2', [name, lane]);
}
