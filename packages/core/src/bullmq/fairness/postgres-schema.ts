/**
 * Two tables and a function beside BullMQ's own, where its `search_path` leads, for the role that runs its migrations. Running it again does
 * nothing more.
 */
// As on Redis (redis-script.ts), but a job has its place before it is added: a row that is given one later is locked meanwhile, and claims, which
// skip what is locked, would take the tenant's next one first.
export const fairnessSql = `
CREATE TABLE IF NOT EXISTS tenancy_fair_queue (
  queue text PRIMARY KEY,
  virtual double precision NOT NULL DEFAULT 1,
  issued double precision NOT NULL,
  older double precision NOT NULL DEFAULT 1,
  settled double precision NOT NULL DEFAULT 1,
  turned double precision NOT NULL,
  asked double precision NOT NULL,
  down double precision NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

CREATE TABLE IF NOT EXISTS tenancy_fair_lane (
  queue text NOT NULL,
  lane text NOT NULL,
  following double precision NOT NULL,
  PRIMARY KEY (queue, lane)
) WITH (fillfactor = 50);

CREATE OR REPLACE FUNCTION tenancy_fair_v1(
  p_queue text, p_settled_after integer, p_moved_down_from integer, p_at_once integer, p_last integer,
  p_lanes text[], p_lengths double precision[], OUT starts double precision[], OUT more boolean
) LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  q tenancy_fair_queue;
  v_now double precision := floor(extract(epoch FROM clock_timestamp()) * 1000);
  v_current integer;
  v_boundary integer;
  v_count integer;
  v_start double precision;
  v_following double precision;
  v_limit double precision;
BEGIN
  starts := '{}';
  more := false;
  SELECT * INTO q FROM tenancy_fair_queue WHERE queue = p_queue;
  IF NOT FOUND THEN
    -- Priorities of a queue that had no turns before stay as they are.
    INSERT INTO tenancy_fair_queue (queue, turned, asked, issued)
      VALUES (p_queue, v_now, v_now, coalesce((
        SELECT priority FROM job WHERE queue = p_queue AND state = 'waiting' AND priority BETWEEN 1 AND p_last
         ORDER BY priority DESC LIMIT 1), 1))
      ON CONFLICT DO NOTHING;
  ELSIF q.down = 0 AND p_lanes = '{}' AND NOT EXISTS (
    SELECT FROM job WHERE queue = p_queue AND state = 'waiting' AND priority > floor(q.issued)::integer) THEN
    RETURN;
  END IF;
  IF p_lanes = '{}' THEN
    -- Nobody waits for somebody who does the same.
    SELECT * INTO q FROM tenancy_fair_queue WHERE queue = p_queue FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN RETURN; END IF;
  ELSE
    SELECT * INTO q FROM tenancy_fair_queue WHERE queue = p_queue FOR UPDATE;
  END IF;
  -- A crash may forget the last of it: no job waits for the disk because of its turn.
  PERFORM set_config('synchronous_commit', 'off', true);

  -- What was issued a while ago has reached the queue; what was issued just now may be on its way.
  IF v_now - q.asked >= p_settled_after THEN
    q.older := q.issued; q.settled := q.issued; q.turned := v_now;
  ELSIF v_now - q.turned >= p_settled_after THEN
    q.settled := q.older; q.older := q.issued; q.turned := v_now;
  END IF;

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
  ELSIF q.down = 0 AND q.settled >= q.issued THEN
    q.virtual := 1; q.issued := 1; q.older := 1; q.settled := 1;
    DELETE FROM tenancy_fair_lane WHERE queue = p_queue;
  ELSE
    q.virtual := greatest(q.virtual, q.settled);
  END IF;

  IF q.down = 0 AND q.virtual > p_moved_down_from THEN
    DELETE FROM tenancy_fair_lane WHERE queue = p_queue AND following <= q.virtual;
    q.down := floor(q.virtual) - 1;
    q.virtual := q.virtual - q.down;
    q.issued := greatest(q.issued - q.down, 1);
    q.older := greatest(q.older - q.down, 1);
    q.settled := greatest(q.settled - q.down, 1);
    UPDATE job SET priority = greatest(priority - q.down::integer, 1) WHERE queue = p_queue AND id IN (
      SELECT id FROM job WHERE queue = p_queue AND state = 'active' AND priority BETWEEN 1 AND p_last FOR UPDATE SKIP LOCKED);
  END IF;
  IF q.down > 0 THEN
    -- From below, so that their order never changes.
    UPDATE job SET priority = priority - q.down::integer WHERE queue = p_queue AND id IN (
      SELECT id FROM job WHERE queue = p_queue AND state = 'waiting' AND priority BETWEEN q.down::integer + 1 AND p_last
       ORDER BY priority, seq LIMIT p_at_once FOR UPDATE SKIP LOCKED);
    SELECT priority INTO v_boundary FROM job
     WHERE queue = p_queue AND state = 'waiting' AND priority BETWEEN q.down::integer + 1 AND p_last
     ORDER BY priority, seq LIMIT 1;
    IF NOT FOUND THEN
      UPDATE tenancy_fair_lane SET following = following - q.down WHERE queue = p_queue AND following > q.down;
      q.down := 0;
    END IF;
    more := true;
  END IF;
  IF q.turned = v_now THEN
    DELETE FROM tenancy_fair_lane WHERE queue = p_queue AND following <= q.virtual;
  END IF;

  IF q.down = 0 THEN
    -- What has no place yet, or one of a time that is over.
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
    more := more OR v_count = p_at_once;
  END IF;

  FOR i IN 1 .. cardinality(p_lanes) LOOP
    SELECT following INTO v_start FROM tenancy_fair_lane WHERE queue = p_queue AND lane = p_lanes[i];
    v_start := coalesce(v_start, 0);
    IF v_start > q.down AND v_start < v_boundary THEN v_start := v_start - q.down; END IF;
    v_limit := CASE WHEN v_start > q.down OR q.down = 0 THEN p_last ELSE q.down END;
    v_start := least(greatest(q.virtual, v_start), v_limit);
    v_following := least(v_start + p_lengths[i], v_limit);
    INSERT INTO tenancy_fair_lane VALUES (p_queue, p_lanes[i], v_following)
      ON CONFLICT (queue, lane) DO UPDATE SET following = EXCLUDED.following;
    q.issued := greatest(q.issued, CASE WHEN v_following > q.down THEN v_following - q.down ELSE v_following END);
    starts := starts || v_start;
  END LOOP;
  UPDATE tenancy_fair_queue
     SET virtual = q.virtual, issued = q.issued, older = q.older, settled = q.settled, turned = q.turned, down = q.down,
         asked = CASE WHEN p_lanes = '{}' THEN q.asked ELSE v_now END
   WHERE queue = p_queue;
END;
$$;
`;
