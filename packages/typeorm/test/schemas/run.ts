import { smaller } from '../../../../test/oracle/arguments.js';
import { Dice } from '../../../../test/oracle/dice.js';
import { type Finding, smallest, Tally } from '../../../../test/oracle/outcome.js';
import { type RandomCase, randomCase } from '../../../../test/oracle/random-case.js';
import { compare, printWork } from './compare.js';
import { randomWork } from './random-work.js';
import { openSides, type Setting, type Sides } from './sides.js';
import type { Work } from './work.js';

export interface RunOptions {
  readonly seed: number;
  readonly settings: readonly Setting[];
  readonly schemas: number;
  /** In each setting. */
  readonly operations: number;
  /** Milliseconds after which no further work begins. */
  readonly until: number;
  readonly postgresUrl: string;
  /** Told of each finding as it comes. */
  readonly onFinding: (finding: Finding) => void;
}

/** So many schemas share a database and a data source. */
const GROUP = 8;

/** Random work over random schemas, compared in each setting. */
export async function runOracle(options: RunOptions): Promise<Tally> {
  const tally = new Tally();
  const found = new Map<string, number>();
  const { seed, schemas, postgresUrl } = options;
  for (let group = 0; group < Math.ceil(schemas / GROUP) && Date.now() < options.until; group += 1) {
    const dice = new Dice(seed + group * 7919);
    const [tenantField, tenantColumn] = dice.pick([
      ['tenantId', 'tenantId'],
      ['tenantId', 'tenant_id'],
      ['orgId', 'orgId'],
      ['tenant', 'tenant id'],
    ] as const);
    const cases = Array.from({ length: Math.min(GROUP, schemas - group * GROUP) }, (_, index) =>
      randomCase(dice.between(0, 2 ** 31), {
        prefix: `S${group * GROUP + index}`,
        tenantField,
        tenantColumn,
        plantsWhatFollows: false,
      }),
    );
    const version = group % 3 === 1 ? '0.3' : '1';
    for (const setting of options.settings) {
      const sides = await openSides({
        setting,
        cases,
        seed: seed + group,
        version,
        postgresUrl,
        isLoose: group % 4 === 3,
      });
      try {
        for (const given of cases)
          await runCase(sides, given, Math.ceil(options.operations / schemas), options, tally, found);
      } finally {
        await sides.stop();
      }
    }
  }
  return tally;
}

async function runCase(
  sides: Sides,
  given: RandomCase,
  operations: number,
  options: RunOptions,
  tally: Tally,
  found: Map<string, number>,
): Promise<void> {
  const { setting } = sides;
  await sides.shared.reset(given);
  await sides.alone.reset(given);
  const begin = await sides.shared.rows(given);
  const number = Number(given.schema.prefix.slice(1));
  for (let n = 0; n < operations && Date.now() < options.until; n += 1) {
    const workSeed = (options.seed ^ (number * 1_000_003 + n * 31)) >>> 0;
    const work = randomWork(workSeed, given);
    const outcome = await compare(sides, given, begin, work);
    tally.add(setting, given.schema.prefix, outcome);
    if (outcome.verdict !== 'finding') continue;
    const key = `${setting} ${outcome.reason}`;
    const times = (found.get(key) ?? 0) + 1;
    found.set(key, times);
    if (times > 2) continue;
    const [small, smallOutcome] = await smallest(work, outcome, smallerWork, (each) =>
      compare(sides, given, begin, each),
    );
    options.onFinding({
      seed: options.seed,
      workSeed,
      setting,
      code: printWork(small),
      schema: describe(given, small),
      outcome: smallOutcome,
    });
  }
}

/** Columns that an order rests on, or an operation needs. */
const KEPT = new Set([
  'tenantId',
  'orgId',
  'tenant',
  'where',
  'of',
  'order',
  'take',
  'skip',
  'paths',
  'relation',
  'action',
  'result',
  'type',
  'column',
  'op',
  'to',
  'exists',
]);

function* smallerWork(work: Work): Generator<Work> {
  const { operations } = work;
  if (operations.length > 1) {
    for (let index = 0; index < operations.length; index += 1) {
      yield { ...work, operations: operations.filter((_, each) => each !== index) };
    }
  } else if (work.together !== 'one') yield { ...work, together: 'one' };
  if (work.isStripped) yield { ...work, isStripped: false };
  for (let index = 0; index < operations.length; index += 1) {
    const operation = operations[index] as Work['operations'][number];
    for (const args of smaller(operation.args, KEPT)) {
      yield {
        ...work,
        operations: operations.map((each, at) => (at === index ? { ...each, args: args as typeof each.args } : each)),
      };
    }
  }
}

/** The entities that the work is about: keys, columns and relations. */
function describe({ schema }: RandomCase, { operations }: Work): string {
  const text = JSON.stringify(operations);
  const named = new Set(operations.map(({ model }) => model));
  for (const { field, backField, holder, referred } of schema.relations) {
    if (text.includes(`"${field}"`) || text.includes(`"${backField}"`)) named.add(holder).add(referred);
  }
  const models = schema.models.filter(({ name }) => named.has(name));
  const relations = schema.relations.filter(({ holder }) => named.has(holder));
  return [
    ...models.map(
      ({ name, keys, fields, ownership, hasDefaultOrder }) =>
        `${name} (${ownership}${hasDefaultOrder ? ', default order' : ''}): ${fields.map((field) => `${field.name} ${field.type}${field.isRequired ? '' : '?'}`).join(', ')}; keys ${keys.map((key) => key.fields.join('+')).join(', ')}`,
    ),
    ...relations.map(
      ({ holder, field, referred, columns, references, isOneToOne, onDelete, onUpdate, backField }) =>
        `${holder}.${field} ${isOneToOne ? '1:1' : 'n:1'} ${referred}.${backField} (${columns.join(', ')}) -> (${references.join(', ')}) on delete ${onDelete} on update ${onUpdate}`,
    ),
    `${schema.isPlanted ? 'planted' : 'nothing planted'}`,
  ].join('\n');
}
