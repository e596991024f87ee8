import { Dice } from '../../../../test/oracle/dice.js';

/** Conditions of policies, put together out of atoms; each use of {@link FLAG} is a column of its own, so that no two of them exclude each other. */

export const TABLES = `
create table member (tenant_id text not null, who text not null);
create table plain (id text);
create table owned (tenant_id text not null);
alter table owned enable row level security, force row level security;
create policy own on owned using (tenant_id = nullif(current_setting('app.tenant_id', true), ''));
create table t (tenant_id text, status text, f1 bool, f2 bool, f3 bool, f4 bool);
alter table t enable row level security, force row level security;
create function current_tenant() returns text stable language sql as $$ select nullif(current_setting('app.tenant_id', true), '') $$;
`;

export const ROWS = `
insert into t select tenant, status, a, b, c, d from unnest(array['a', 'b', 'ab', null]) tenant, unnest(array['open', 'a']) status,
  unnest(array[true, false]) a, unnest(array[true, false]) b, unnest(array[true, false]) c, unnest(array[true, false]) d;
insert into member values ('a', 'ua'), ('b', 'ub');
insert into owned values ('a'), ('b');
insert into plain values ('x');
`;

const FLAG = 'FLAG';

/** Ways in which the tenant that the session names is asked for. */
export const VALUES = [
  "current_setting('app.tenant_id', true)",
  "current_setting('app.tenant_id')",
  "nullif(current_setting('app.tenant_id', true), '')",
  "nullif(current_setting('app.tenant_id', true), '')::text",
  "(select nullif(current_setting('app.tenant_id', true), ''))",
  "coalesce(current_setting('app.tenant_id', true), '')",
  "(nullif(current_setting('app.claims', true), '')::json ->> 'tenant_id')",
  "(nullif(current_setting('app.claims', true), '')::jsonb -> 'app' ->> 'tenant_id')",
  "(select (nullif(current_setting('app.claims', true), '')::jsonb)['app'] ->> 'tenant_id')",
  "case when current_setting('app.tenant_id', true) = '' then null else current_setting('app.tenant_id', true) end",
  'current_tenant()',
  '(select current_tenant())',
  "(select m.tenant_id from member m where m.who = current_setting('app.who', true))",
] as const;

/** Conditions that keep a tenant to its rows, over a way to ask for it. */
const NARROW = [
  'tenant_id = V',
  'V = t.tenant_id',
  'tenant_id in (V)',
  'tenant_id = any (array[V])',
  'tenant_id is not distinct from V',
  'not (tenant_id <> V)',
  '(tenant_id = V) is true',
  '(tenant_id <> V) is false',
  'case when tenant_id = V then FLAG else false end',
  'coalesce(tenant_id = V, false)',
  'tenant_id is null',
  "tenant_id in (select tenant_id from member where who = current_setting('app.who', true))",
  "exists (select 1 from member m where m.tenant_id = t.tenant_id and m.who = current_setting('app.who', true))",
  "current_setting('app.who', true) in (select m.who from member m where m.tenant_id = t.tenant_id)",
  'tenant_id in (select tenant_id from owned)',
  'exists (select from owned where owned.tenant_id = t.tenant_id)',
  'tenant_id = any (select current_tenant())',
  "tenant_id = any (string_to_array(V, ','))",
  'false',
  'null::bool',
  'tenant_id = null',
];

/** Conditions that do not. */
const OPEN = [
  'true',
  'not false',
  '2 > 1',
  "'yes'::bool",
  'tenant_id <> V',
  'tenant_id >= V',
  "tenant_id like V || '%'",
  'tenant_id not like V',
  'not (tenant_id = V)',
  'tenant_id = tenant_id',
  'tenant_id = t.tenant_id',
  'tenant_id is not null',
  'tenant_id is distinct from null',
  "coalesce(tenant_id, '') is not null",
  "tenant_id = coalesce(nullif(V, ''), tenant_id)",
  "tenant_id = 'a'",
  "tenant_id in ('a', V)",
  "tenant_id = any (array['b', V])",
  '(tenant_id = V) is not false',
  '(tenant_id = V) is not true',
  'exists (select 1)',
  'tenant_id in (select tenant_id from member)',
  'tenant_id in (select tenant_id from plain)',
  'exists (select from member where member.tenant_id = tenant_id)',
  'case when true then true else false end',
  'case FLAG when true then true else tenant_id = V end',
  'coalesce(tenant_id = V, true)',
  'status = V',
  "status = 'open'",
  FLAG,
  "current_setting('app.flag', true) = 'on'",
  "length(current_setting('app.tenant_id', true)) > 0",
  "current_user <> 'nobody'",
];

export const ATOMS = [...NARROW, ...OPEN];

/** As many conditions: each atom by itself with each way to ask, then what AND, OR, NOT, CASE and COALESCE make of some. */
export function conditions(seed: number, count: number): readonly string[] {
  const dice = new Dice(seed);
  const atom = () => dice.pick(dice.chance(0.5) ? NARROW : OPEN).replaceAll(/\bV\b/g, () => dice.pick(VALUES));
  const grown = (depth: number): string => {
    if (depth === 0) return atom();
    const [one, other] = [grown(depth - 1), grown(dice.chance(0.5) ? 0 : depth - 1)];
    return dice.pick([
      () => `(${one}) and (${other})`,
      () => `(${one}) and (${other})`,
      () => `(${one}) or (${other})`,
      () => `not (${one})`,
      () => `case when ${FLAG} then (${one}) else (${other}) end`,
      () => `case when (${one}) then (${other}) end`,
      () => `coalesce((${one}), (${other}))`,
      () => `(${one}) is true`,
    ])();
  };
  const single = ATOMS.flatMap((one) =>
    /\bV\b/.test(one) ? VALUES.map((value) => one.replaceAll(/\bV\b/g, () => value)) : [one],
  );
  const made = Array.from({ length: count }, () => grown(dice.between(1, 2)));
  return [...single, ...made].map((condition) => {
    let flags = 0;
    return condition.replaceAll(FLAG, () => `f${(flags++ % 4) + 1}`);
  });
}
