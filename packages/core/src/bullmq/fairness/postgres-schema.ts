/**
 * Two tables and two functions beside BullMQ's own, where its `search_path` leads, for the role that runs its migrations. Running it again does
 * nothing more.
 */
// The same in Lua: redis-script.ts.
export const FAIRNESS_SCHEMA = `
CREATE TABLE IF NOT EXISTS tenancy_fair_queue (
  queue text PRIMARY KEY,
  virtual double precision NOT NULL DEFAULT 1,
  issued double precision NOT NULL DEFAULT 1,
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

CREATE OR REPLACE FUNCTION tenancy_fair_place_v1(
  p_queue text, p_lane text, p_length double precision, p_virtual double precision, p_down double precision,
  p_boundary integer, p_last integer, OUT start double precision, OUT reached double precision
) LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  v_limit double precision := p_last;
  v_following double precision;
BEGIN
  SELECT following INTO start FROM tenancy_fair_lane WHERE queue = p_queue AND lane = p_lane;
  start := coalesce(start, 0);
  IF p_down > 0 THEN
    IF start > p_down AND start < p_boundary THEN start := start - p_down; END IF;
    IF start <= p_down THEN v_limit := p_down; END IF;
  END IF;
  start := least(greatest(p_virtual, start), v_limit);
  v_following := least(start + p_length, v_limit);
  INSERT INTO tenancy_fair_lane VALUES (p_queue, p_lane, v_following)
    ON CONFLICT (queue, lane) DO UPDATE SET following = EXCLUDED.following;
  reached := CASE WHEN v_following > p_down THEN v_following - p_down ELSE v_following END;
END;
$$;

CREATE OR REPLACE FUNCTION tenancy_fair_tags_v1(
  p_queue text, p_lanes text[], p_counts integer[], p_steps double precision[],
  p_settled_after integer, p_moved_down_from integer, p_at_once integer, p_last integer,
  OUT starts double precision[], OUT more boolean
) LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  q tenancy_fair_queue;
  v_now double precision := floor(extract(epoch FROM clock_timestamp()) * 1000);
  v_head integer;
  v_boundary integer;
  v_due record;
  v_turn text;
  v_start double precision;
  v_reached double precision;
  v_count integer := 0;
BEGIN
  -- A crash may forget the last of it: no job waits for the disk because of its turn.
  PERFORM set_config('synchronous_commit', 'off', true);
  starts := '{}'; more := false;
  SELECT * INTO q FROM tenancy_fair_queue WHERE queue = p_queue FOR UPDATE;
  IF NOT FOUND THEN
    -- Priorities of a queue that had no turns before stay as they are.
    INSERT INTO tenancy_fair_queue (queue, turned, asked, issued)
      VALUES (p_queue, v_now, v_now, coalesce((
        SELECT priority FROM job WHERE queue = p_queue AND state = 'waiting' AND priority BETWEEN 1 AND p_last
         ORDER BY priority DESC LIMIT 1), 1))
      ON CONFLICT DO NOTHING;
    SELECT * INTO q FROM tenancy_fair_queue WHERE queue = p_queue FOR UPDATE;
  END IF;

  -- What was issued a while ago has reached the queue; what was issued just now may be on its way.
  IF v_now - q.asked >= p_settled_after THEN
    q.older := q.issued; q.settled := q.issued; q.turned := v_now;
  ELSIF v_now - q.turned >= p_settled_after THEN
    q.settled := q.older; q.older := q.issued; q.turned := v_now;
  END IF;

  SELECT priority INTO v_head FROM job
   WHERE queue = p_queue AND state = 'waiting' AND priority > 0 AND priority <= floor(q.issued)
   ORDER BY priority, seq LIMIT 1;
  IF v_head IS NULL AND q.down = 0 AND q.settled >= q.issued THEN
    q.virtual := 1; q.issued := 1; q.older := 1; q.settled := 1;
    DELETE FROM tenancy_fair_lane WHERE queue = p_queue;
  ELSIF v_head IS NULL THEN
    q.virtual := greatest(q.virtual, q.settled);
  ELSE
    q.virtual := greatest(q.virtual, v_head);
  END IF;

  IF q.down = 0 AND q.virtual > p_moved_down_from THEN
    q.down := floor(q.virtual) - 1;
    q.virtual := q.virtual - q.down;
    q.issued := greatest(q.issued - q.down, 1);
    q.older := greatest(q.older - q.down, 1);
    q.settled := greatest(q.settled - q.down, 1);
  END IF;
  IF q.down > 0 THEN
    -- From below, so that their order never changes.
    UPDATE job SET priority = priority - q.down::integer WHERE queue = p_queue AND id IN (
      SELECT id FROM job WHERE queue = p_queue AND state = 'waiting' AND priority BETWEEN q.down::integer + 1 AND p_last
       ORDER BY priority, seq LIMIT p_at_once FOR UPDATE SKIP LOCKED);
    SELECT priority INTO v_boundary FROM job
     WHERE queue = p_queue AND state = 'waiting' AND priority BETWEEN q.down::integer + 1 AND p_last
     ORDER BY priority, seq LIMIT 1;
    IF v_boundary IS NULL THEN
      UPDATE tenancy_fair_lane SET following = following - q.down WHERE queue = p_queue AND following > q.down;
      q.down := 0;
    ELSE
      more := true;
    END IF;
  END IF;
  IF q.turned = v_now THEN
    DELETE FROM tenancy_fair_lane WHERE queue = p_queue AND following <= q.virtual;
  END IF;

  IF q.down = 0 THEN
    -- What has no place yet, because it was not to run before, or one of a time that is over.
    FOR v_due IN
      SELECT id, opts FROM job WHERE queue = p_queue AND state = 'waiting' AND priority > floor(q.issued)
       ORDER BY priority, seq LIMIT p_at_once FOR UPDATE SKIP LOCKED
    LOOP
      v_turn := v_due.opts->>'tenancyTurn';
      SELECT start, reached INTO v_start, v_reached FROM tenancy_fair_place_v1(p_queue,
        coalesce(substring(v_turn FROM '^\\S+ (.*)$'), ''),
        coalesce(substring(v_turn FROM '^(?:[0-9]+(?:[.][0-9]+)?(?:e[+-]?[0-9]{1,2})?)(?= )')::double precision, 1),
        q.virtual, 0, NULL, p_last);
      q.issued := greatest(q.issued, v_reached);
      UPDATE job SET priority = floor(v_start) WHERE queue = p_queue AND id = v_due.id;
      v_count := v_count + 1;
    END LOOP;
    more := more OR v_count = p_at_once;
  END IF;

  FOR i IN 1 .. cardinality(p_lanes) LOOP
    SELECT start, reached INTO v_start, v_reached
      FROM tenancy_fair_place_v1(p_queue, p_lanes[i], p_counts[i] * p_steps[i], q.virtual, q.down, v_boundary, p_last);
    q.issued := greatest(q.issued, v_reached);
    starts := starts || v_start;
  END LOOP;
  UPDATE tenancy_fair_queue
     SET virtual = q.virtual, issued = q.issued, older = q.older, settled = q.settled, turned = q.turned, down = q.down,
         asked = CASE WHEN cardinality(p_lanes) > 0 THEN v_now ELSE q.asked END
   WHERE queue = p_queue;
END;
$$;
`;
