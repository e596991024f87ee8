import type { Pool } from './backend.js';

/** Two tables and a function beside BullMQ's own, where its `search_path` leads. */
export const FAIRNESS_SCHEMA = `
CREATE TABLE IF NOT EXISTS tenancy_fair_queue (
  queue text PRIMARY KEY,
  virtual double precision NOT NULL DEFAULT 1,
  issued double precision NOT NULL DEFAULT 1,
  older double precision NOT NULL DEFAULT 1,
  settled double precision NOT NULL DEFAULT 1,
  turned double precision NOT NULL,
  asked double precision NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE IF NOT EXISTS tenancy_fair_lane (
  queue text NOT NULL,
  lane text NOT NULL,
  following double precision NOT NULL,
  PRIMARY KEY (queue, lane)
) WITH (fillfactor = 50);

CREATE OR REPLACE FUNCTION tenancy_fair_tags(
  p_queue text, p_lanes text[], p_counts integer[], p_steps double precision[], p_settled_after integer, p_last integer
) RETURNS double precision[] LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  q tenancy_fair_queue;
  v_now double precision := floor(extract(epoch FROM clock_timestamp()) * 1000);
  v_head integer;
  v_start double precision;
  v_following double precision;
  v_starts double precision[] := '{}';
  v_turn boolean := false;
BEGIN
  -- A crash may forget the last of it: no job waits for the disk because of its turn.
  PERFORM set_config('synchronous_commit', 'off', true);
  SELECT * INTO q FROM tenancy_fair_queue WHERE queue = p_queue FOR UPDATE;
  IF NOT FOUND THEN
    INSERT INTO tenancy_fair_queue (queue, turned, asked) VALUES (p_queue, v_now, v_now) ON CONFLICT DO NOTHING;
    SELECT * INTO q FROM tenancy_fair_queue WHERE queue = p_queue FOR UPDATE;
  END IF;

  -- What was issued a while ago has reached the queue; what was issued just now may be on its way.
  IF v_now - q.asked >= p_settled_after THEN
    q.older := q.issued; q.settled := q.issued; q.turned := v_now; v_turn := true;
  ELSIF v_now - q.turned >= p_settled_after THEN
    q.settled := q.older; q.older := q.issued; q.turned := v_now; v_turn := true;
  END IF;

  SELECT priority INTO v_head FROM job
   WHERE queue = p_queue AND state = 'waiting' AND priority > 0 ORDER BY priority, seq LIMIT 1;
  IF v_head IS NOT NULL THEN
    q.virtual := greatest(q.virtual, v_head);
  ELSIF q.settled >= q.issued THEN
    q.virtual := 1; q.issued := 1; q.older := 1; q.settled := 1;
    DELETE FROM tenancy_fair_lane WHERE queue = p_queue;
  ELSE
    q.virtual := greatest(q.virtual, q.settled);
  END IF;
  IF v_turn THEN
    DELETE FROM tenancy_fair_lane WHERE queue = p_queue AND following <= q.virtual;
  END IF;

  FOR i IN 1 .. cardinality(p_lanes) LOOP
    SELECT following INTO v_start FROM tenancy_fair_lane WHERE queue = p_queue AND lane = p_lanes[i];
    v_start := greatest(q.virtual, v_start);
    v_following := least(v_start + p_counts[i] * p_steps[i], p_last);
    INSERT INTO tenancy_fair_lane VALUES (p_queue, p_lanes[i], v_following)
      ON CONFLICT (queue, lane) DO UPDATE SET following = EXCLUDED.following;
    q.issued := greatest(q.issued, v_following);
    v_starts := v_starts || v_start;
  END LOOP;
  UPDATE tenancy_fair_queue
     SET virtual = q.virtual, issued = q.issued, older = q.older, settled = q.settled, turned = q.turned, asked = v_now
   WHERE queue = p_queue;
  RETURN v_starts;
END;
$$;
`;

/** BullMQ's own migrations lock likewise; the number is another one. */
const LOCK = 7_325_184;

const installations = new WeakMap<Pool, Promise<void>>();

/** Once for each pool. Several statements in one query are one transaction. */
export function installed(pool: Pool): Promise<void> {
  let installing = installations.get(pool);
  if (!installing) {
    installing = install(pool);
    installations.set(pool, installing);
    installing.catch(() => installations.delete(pool));
  }
  return installing;
}

async function install(pool: Pool): Promise<void> {
  await pool.query(`SELECT pg_advisory_xact_lock(${LOCK}, hashtext(current_schema()));${FAIRNESS_SCHEMA}`);
}
