import { type MoveInput, OWN } from './move-inputs.js';

type Values = readonly [type: string, ...values: string[]];

/** Types of some of the columns. */
const TYPES = `create type mood as enum ('a', 'b', 'c', 'd'); create domain percent as int check (value < 100); create type pair as (n int, t text);`;

/** A column of every type, with values that change on their way through a program, or by the settings of a session. */
const VALUES: readonly Values[] = [
  ['regconfig', `'english'`, `'simple'`],
  ['regtype', `'int4'`, `'timestamptz'`, '0'],
  ['float8', `'NaN'`, `'-Infinity'`, '-0.0::float8', '0.1::float8 + 0.2', '5e-324', '1.7976931348623157e308'],
  ['float4', `'NaN'`, `'-Infinity'`, '1.1754944e-38', '0.1'],
  ['numeric', `'NaN'`, `'Infinity'`, `'-Infinity'`, '1.10', '1e-20', `repeat('9', 200)::numeric`],
  [
    'timestamptz',
    `'infinity'`,
    `'2026-03-29 02:30:00.123456+01'`,
    `'0044-03-15 BC'`,
    `'294276-12-31 23:59:59.999999+00'`,
  ],
  ['timestamp', `'infinity'`, `'2026-01-01 00:00:00.000001'`],
  ['date', `'infinity'`, `'0044-03-15 BC'`, `'2026-02-03'`],
  ['timetz', `'24:00:00+02'`, `'01:02:03.000004-13:59:59'`],
  ['interval', `'-1 mon +2 days -3.000004 s'`, `'1 year'`],
  ['text', `E'a\\\\b\\tc\\nd\\re'`, `'\\.'`, `'\\N'`, `''`, `' '`, `E'\\u2028\\U0001F600'`, `'"quoted", {x}'`],
  ['varchar', `repeat('ab', 50000)`],
  ['bytea', `'\\x00ff5c2e0a'`, `''`, `decode(repeat('00ff', 60000), 'hex')`],
  ['text[]', `array['NULL', null, 'a,b', '', E'\\\\', '"']`, `'{}'`, `'[5:6]={x,y}'`, `array[array['a'], array[null]]`],
  ['jsonb', `'{"a": [1.10, null, "\\u00e9"]}'`, `'null'`, `'"x"'`],
  ['json', `'{"a": 1,  "a": 2}'`, `'null'`],
  ['xml', `'<a b="1">&lt;</a>'`],
  ['inet', `'10.0.0.1/8'`, `'::1'`],
  ['tsvector', `to_tsvector('english', 'the quick''s brown \\ fox')`, `''`],
  ['int4multirange', `'{[1,3), [5,)}'`, `'{}'`],
  ['money', `'-1234.56'`, '0'],
  ['char(5)', `'a'`, `''`],
  ['bit varying(9)', `B'101'`, `B''`],
  ['point', "'(0.1, -0)'", "'(NaN, Infinity)'"],
  ['xid8', `'18446744073709551615'`],
  ['"char"', `'a'`, `''`],
  ['mood[]', `array['a', null]::mood[]`],
  ['pair', `row(1, 'a "b", \\c')`],
];

/** A key of every type: the keys of rows that are written are noted as text. */
const KEYS: readonly Values[] = [
  ['int', '1', '2', '3', '4'],
  ['uuid', ...[1, 2, 3, 4].map((n) => `'00000000-0000-4000-8000-00000000000${n}'`)],
  ['text', `'a'`, `E'b\\\\c\\n'`, `''`, `'{"x,y"}'`],
  ['text collate "C"', `'a'`, `'B'`, `'é'`, `'z'`],
  ['varchar(3)', `'a'`, `'b '`, `'c'`, `'d'`],
  ['char(5)', `'a'`, `'b'`, `'c'`, `'d'`],
  [
    'timestamptz',
    `'2026-01-01 00:00:00.000001+00'`,
    `'infinity'`,
    `'0044-03-15 BC'`,
    `'2026-01-01 00:00:00.000002+00'`,
  ],
  ['float8', `0.1::float8 + 0.2`, `'NaN'::float8`, `'-Infinity'::float8`, '0.3::float8'],
  ['numeric', '1.10', `'NaN'::numeric`, '3.00', '4'],
  ['interval', `interval '1 mon 2 days'`, `interval '-3.000004 s'`, `interval '5 years'`, `interval '6 s'`],
  ['bytea', `'\\x00'::bytea`, `'\\xff5c'::bytea`, `''::bytea`, `'\\x0a'::bytea`],
  ['bit(3)', `B'001'`, `B'010'`, `B'011'`, `B'100'`],
  ['mood', `'a'`, `'b'`, `'c'`, `'d'`],
  ['percent', '1', '2', '3', '4'],
  ['pair', `'(1,a)'::pair`, `'(2,"b ,")'::pair`, `'(3,)'::pair`, `'(4,d)'::pair`],
  ['int[]', `'{1}'`, `'{2,3}'`, `'{}'`, `'{4}'`],
  ['daterange', `'[2026-01-01,2026-01-02)'`, `'empty'`, `'(,)'`, `'[2026-02-01,)'`],
  ['inet', `'10.0.0.1'`, `'10.0.0.0/8'`, `'::1'`, `'::2'`],
  ['money', '1::money', '2::money', '3::money', '4::money'],
  ['name', `'a'::name`, `'b'::name`, `'c'::name`, `'d'::name`],
  ['oid', '1', '2', '3', '4'],
  ['jsonb', `'{"a": 1}'`, `'[]'`, `'null'`, `'4'`],
];

export const VALUES_OF_EVERY_TYPE: MoveInput = {
  title: 'values of every type',
  tables: `${TYPES} ${VALUES.map(([type], n) => `create table v_${n} (${OWN}, id int generated always as identity, v ${type}, primary key (tenant_id, id));`).join('\n')}`,
  rows: VALUES.map(
    ([, ...values], n) => `insert into v_${n} (v) values ${values.map((value) => `(${value})`)}, (null)`,
  ).join(';\n'),
  changes: VALUES.map(
    ([, ...values], n) =>
      `insert into v_${n} (v) values (${values[0]}); update v_${n} set v = ${values.at(-1)} where id = (select min(id) from v_${n} where tenant_id = 'a')`,
  ).join(';\n'),
};

export const KEYS_OF_EVERY_TYPE: MoveInput = {
  title: 'keys of every type',
  tables: `${TYPES} ${KEYS.map(([type], n) => `create table k_${n} (${OWN}, k ${type}, note text, primary key (tenant_id, k));`).join('\n')}`,
  rows: KEYS.map(
    ([, first, second, third], n) =>
      `insert into k_${n} (k, note) values (${first}, 'first'), (${second}, 'second'), (${third}, 'third')`,
  ).join(';\n'),
  changes: KEYS.map(
    (
      [, first, second, third, fourth],
      n,
    ) => `update k_${n} set note = note || ' changed' where k = ${first}; delete from k_${n} where k = ${second};
      insert into k_${n} (k, note) values (${fourth}, 'fourth') on conflict do nothing; update k_${n} set k = ${second} where k = ${third}`,
  ).join(';\n'),
};
