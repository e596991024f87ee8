/** A table that somebody may have: SQL that makes `t` of a table `id`, `title`, `touched`, or changes that one. */
export interface TableShape {
  readonly title: string;
  readonly sql?: (t: string) => string;
  /** In place of the plain table. */
  readonly table?: (t: string) => string;
  /** Statements beyond the schema, and those that take it away. */
  readonly beside?: readonly [make: string, undo: string];
  /** The kinds of change that are refused before anything is done, and what is said. */
  readonly refuses?: Readonly<Record<string, RegExp>>;
}

const PLAIN = `(id bigint primary key, title text default 'untitled', touched int not null default 0)`;

/** A row trigger whose function does `body`: at an INSERT, as a backfill is an UPDATE to it. */
const trigger = (name: string, when: string, body: string) => (t: string) =>
  `create function ${t}_function() returns trigger language plpgsql as $$ begin ${body}; return new; end $$;
    create trigger "${name}" ${when} on ${t} for each row execute function ${t}_function()`;

const PASSED = /the triggers ".+" are about, and a write of the new name would pass them by/;
const LOST = /is part of .*, which would be lost with it/;
const FOREIGN = /has the columns of the t.*, and can have none of its own/;

export const plainTable = (t: string) => `create table ${t} ${PLAIN}`;

export const shapes: readonly TableShape[] = [
  { title: 'a plain one' },
  {
    title: 'published with all tables',
    beside: ['create publication shapes for all tables', 'drop publication shapes'],
  },
  {
    title: 'published with its schema',
    beside: ['create publication shapes for tables in schema shape', 'drop publication shapes'],
  },
  {
    title: 'published as a whole row',
    sql: (t) => `alter table ${t} replica identity full`,
    beside: ['create publication shapes for all tables', 'drop publication shapes'],
  },
  {
    title: 'with a generated column',
    sql: (t) => `alter table ${t} add made text generated always as (upper(title) || touched) stored`,
    refuses: { 'type of title': LOST, 'type of touched': LOST },
  },
  {
    title: 'with a comment, statistics, storage and options',
    sql: (t) => `comment on column ${t}.title is 'it''s "the" \\ title'; comment on column ${t}.touched is 'how often';
      alter table ${t} alter title set statistics 500, alter title set storage external, alter title set compression pglz,
        alter title set (n_distinct = 7), alter touched set statistics 0`,
  },
  { title: 'with a collation', sql: (t) => `alter table ${t} alter title type text collate "C"` },
  {
    title: 'with rights on a column',
    sql: (t) =>
      `grant select (id, title), update (title) on ${t} to public; grant select (title) on ${t} to pg_monitor with grant option`,
    refuses: { 'type of title': /is part of rights on the column/ },
  },
  {
    title: 'whose default is a number of the moment',
    sql: (t) => `alter table ${t} alter touched set default extract(year from now())::int`,
  },
  {
    title: 'with a trigger before all others, about the title',
    sql: trigger('aa', 'before insert', 'new.title := upper(new.title)'),
    refuses: { 'name of title': PASSED },
  },
  {
    title: 'with a trigger behind all others, about the title',
    sql: trigger('zzz', 'before insert', 'NEW."title" := upper(NEW."title")'),
    refuses: { 'name of title': PASSED },
  },
  {
    title: 'with a trigger behind all others, about a number',
    sql: trigger('zzzz_', 'before insert', 'new.touched := 1 + new.touched'),
    refuses: { 'name of touched': PASSED },
  },
  {
    title: 'with a trigger of a name that nothing comes after',
    sql: trigger('\u{10fffd}', 'before insert', 'new.touched := 1 + new.touched'),
    refuses: {
      'a column': /fires after all others/,
      'type of title': /fires after all others/,
      'type of touched': /fires after all others/,
      'name of title': /fires after all others/,
      'name of touched': PASSED,
    },
  },
  {
    title: 'with a trigger on updates of the title',
    sql: trigger('aa', 'after update of title', 'perform 1'),
    refuses: { 'type of title': LOST, 'name of title': PASSED },
  },
  {
    title: 'with a trigger behind a write, about the title',
    sql: trigger('aa', 'after insert', `perform upper(new.title)`),
    refuses: {
      'end of the name of title': /the functions of the triggers "aa" of .* name "title", and every write would fail/,
    },
  },
  {
    title: 'with a trigger that is at home with any name',
    sql: trigger('aa', 'before insert or update', `perform to_jsonb(new) ->> 'title'`),
  },
  {
    title: 'partitioned',
    table: (t) => `create table ${t} ${PLAIN} partition by hash (id);
      create table ${t}_0 partition of ${t} for values with (modulus 2, remainder 0);
      create table ${t}_1 partition of ${t} for values with (modulus 2, remainder 1)`,
  },
  {
    title: 'a partition',
    table: (t) => `create table ${t}_all ${PLAIN} partition by hash (id);
      create table ${t} partition of ${t}_all for values with (modulus 1, remainder 0)`,
    refuses: Object.fromEntries(
      ['a column', 'type of title', 'type of touched', 'name of title', 'name of touched'].map((kind) => [
        kind,
        FOREIGN,
      ]),
    ),
  },
  {
    title: 'of a type',
    table: (t) => `create type ${t}_type as (id bigint, title text, touched int);
      create table ${t} of ${t}_type (id primary key, title default 'untitled', touched not null default 0)`,
    refuses: Object.fromEntries(
      ['a column', 'type of title', 'type of touched', 'name of title', 'name of touched'].map((kind) => [
        kind,
        FOREIGN,
      ]),
    ),
  },
  {
    title: 'that has the columns of another one, and its own',
    table: (
      t,
    ) => `create table ${t}_parent (title text); create table ${t} (like ${t}_parent, id bigint primary key, touched int not null default 0);
      alter table ${t} alter title set default 'untitled'`,
  },
];
