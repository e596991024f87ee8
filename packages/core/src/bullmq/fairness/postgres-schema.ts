/**
 * Two tables and a function beside BullMQ's own, where its `search_path` leads, for the role that runs its migrations. Running it again does
 * nothing more.
 */
// The same in Lua, with its reasons: redis-script.ts.
export const FAIRNESS_SCHEMA = `
CREATE TABLE IF NOT EXISTS tenancy_fair_queue (
  queue text PRIMARY KEY,
  virtual double precision NOT NULL DEFAULT 1,
  issued double precision NOT NULL,
  down double precision NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

CREATE TABLE IF NOT EXISTS tenancy_fair_lane (
  queue text NOT NULL,
  lane text NOT NULL,
  following double precision NOT NULL,
  PRIMARY KEY (queue, lane)
) WITH (fillfactor = 50);

CREATE OR REPLACE FUNCTION tenancy_fair_places_v1(p_queue text, p_moved_down_from integer, p_at_once integer, p_last integer)
RETURNS boolean LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  q tenancy_fair_queue;
  v_current integer;
  v_count integer;
BEGIN
  SELECT * INTO q FROM tenancy_fair_queue WHERE queue = p_queue;
  IF NOT FOUND THEN
    -- Priorities of a queue that had no turns before stay as they are.
    INSERT INTO tenancy_fair_queue (queue, issued)
      VALUES (p_queue, coalesce((
        SELECT priority FROM job WHERE queue = p_queue AND state = 'waiting' AND priority BETWEEN 1 AND p_last
         ORDER BY priority DESC LIMIT 1), 1))
      ON CONFLICT DO NOTHING;
  ELSIF q.down = 0 AND NOT EXISTS (
    SELECT FROM job WHERE queue = p_queue AND state = 'waiting' AND priority > floor(q.issued)::integer) THEN
    RETURN false;
  END IF;
  -- Nobody waits for somebody who does the same.
  SELECT * INTO q FROM tenancy_fair_queue WHERE queue = p_queue FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  -- A crash may forget the last of it: no job waits for the disk because of its turn.
  PERFORM set_config('synchronous_commit', 'off', true);

  -- The tag of the job that was started last; where none runs, of the one that is next.
  SELECT priority INTO v_current FROM job
   WHERE queue = p_queue AND state = 'active' AND priority BETWEEN 1 AND floor(q.issued)::integer
   ORDER BY locked_until_ms DESC LIMIT 1;
  IF NOT FOUND THEN
    SELECT priority INTO v_current FROM job
     WHERE queue = p_queue AND state = 'waiting' AND priority BETWEEN 1 AND floor(q.issued)::integer
     ORDER BY priority, seq LIMIT 1;
  END IF;
  IF v_current IS NOT NULL THEN
    q.virtual := greatest(q.virtual, v_current);
  ELSIF q.down = 0 THEN
    q.virtual := 1;
    q.issued := 1;
    DELETE FROM tenancy_fair_lane WHERE queue = p_queue;
  END IF;

  IF q.down = 0 AND q.virtual > p_moved_down_from THEN
    q.down := floor(q.virtual) - 1;
    q.virtual := q.virtual - q.down;
    q.issued := greatest(q.issued - q.down, 1);
    UPDATE job SET priority = greatest(priority - q.down::integer, 1) WHERE queue = p_queue AND id IN (
      SELECT id FROM job WHERE queue = p_queue AND state = 'active' AND priority BETWEEN 1 AND p_last FOR UPDATE SKIP LOCKED);
  END IF;

  IF q.down > 0 THEN
    -- From below, so that their order never changes.
    UPDATE job SET priority = priority - q.down::integer WHERE queue = p_queue AND id IN (
      SELECT id FROM job WHERE queue = p_queue AND state = 'waiting' AND priority BETWEEN q.down::integer + 1 AND p_last
       ORDER BY priority, seq LIMIT p_at_once FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS v_count = ROW_COUNT;
    IF v_count < p_at_once THEN
      UPDATE tenancy_fair_lane SET following = following - q.down WHERE queue = p_queue;
      q.down := 0;
    END IF;
    UPDATE tenancy_fair_queue SET virtual = q.virtual, issued = q.issued, down = q.down WHERE queue = p_queue;
    RETURN true;
  END IF;

  -- What has no place yet, or one of a time that is over.
  DELETE FROM tenancy_fair_lane WHERE queue = p_queue AND following <= q.virtual;
  WITH due AS MATERIALIZED (
    SELECT id, priority, seq, opts->>'tenancyTurn' AS turn FROM job
     WHERE queue = p_queue AND state = 'waiting' AND priority > floor(q.issued)::integer
     ORDER BY priority, seq LIMIT p_at_once FOR UPDATE SKIP LOCKED
  ), read AS (
    SELECT id, priority, seq, coalesce(substring(turn FROM '^\\S+ ([A-Za-z0-9_-]*)$'), '') AS lane, coalesce(nullif(
      substring(turn FROM '^([0-9]+(?:[.][0-9]+)?(?:e[+-]?[0-9]{1,2})?) ')::double precision, 0), 1) AS step FROM due
  ), placed AS (
    SELECT id, read.lane, step, least(greatest(q.virtual, coalesce(following, 0))
      + sum(step) OVER (PARTITION BY read.lane ORDER BY priority, seq) - step, p_last) AS start
      FROM read LEFT JOIN tenancy_fair_lane AS known ON known.queue = p_queue AND known.lane = read.lane
  ), moved AS (
    UPDATE job SET priority = floor(placed.start)::integer FROM placed WHERE job.queue = p_queue AND job.id = placed.id
  ), kept AS (
    INSERT INTO tenancy_fair_lane SELECT p_queue, lane, least(max(start + step), p_last) FROM placed GROUP BY lane
      ON CONFLICT (queue, lane) DO UPDATE SET following = EXCLUDED.following
    RETURNING following
  )
  SELECT greatest(q.issued, (SELECT max(following) FROM kept)), (SELECT count(*) FROM placed) INTO q.issued, v_count;
  UPDATE tenancy_fair_queue SET virtual = q.virtual, issued = q.issued, down = q.down WHERE queue = p_queue;
  RETURN v_count = p_at_once;
END;
$$;
`;
