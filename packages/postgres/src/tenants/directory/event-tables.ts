/** The SQL of the tables that remember deliveries, in the quoted schema `s`. */
export function eventTablesSql(s: string): string {
  return `create table if not exists ${s}.consumer (
  name text collate "C" primary key,
  since timestamptz not null default clock_timestamp()
);
-- A row for each event, as the numbers of events are not in the order of their commits.
create table if not exists ${s}.delivery (
  consumer text collate "C" not null references ${s}.consumer on delete cascade,
  event_id bigint not null references ${s}.event on delete cascade,
  attempts int not null default 0,
  due_at timestamptz,
  done_at timestamptz,
  failure text,
  primary key (consumer, event_id)
);
create index if not exists delivery_event_id on ${s}.delivery (event_id);`;
}
