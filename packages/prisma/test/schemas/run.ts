import { smaller } from '../../../../test/oracle/arguments.js';
import { crossesTenants } from '../../../../test/oracle/crossing.js';
import { Dice } from '../../../../test/oracle/dice.js';
import { type Finding, type Origin, smallest, Tally } from '../../../../test/oracle/outcome.js';
import { type RandomCase, randomCase } from '../../../../test/oracle/random-case.js';
import { type GeneratedClient, generateClient } from './clients.js';
import { compare, printWork } from './compare.js';
import { randomWork } from './random-work.js';
import { schemaText } from './schema-text.js';
import { openSides, type Setting, type Sides } from './sides.js';
import type { ClientValues } from './values.js';
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

/** So many schemas share a client and a database: to generate one takes a process. */
const GROUP = 8;

/** Random work over random schemas, compared in each setting. */
export async function runOracle(options: RunOptions): Promise<Tally> {
  const tally = new Tally();
  const found = new Map<string, number>();
  const groups = Math.ceil(options.schemas / GROUP);
  for (let group = 0; group < groups && Date.now() < options.until; group += 1) {
    const dice = new Dice(options.seed + group * 7919);
    const isStrict = group % 2 === 0;
    const [tenantField, tenantColumn] = dice.pick([
      ['tenantId', 'tenantId'],
      ['tenantId', 'tenant_id'],
      ['orgId', 'orgId'],
      ['tenant', 'tenant id'],
    ] as const);
    const size = Math.min(GROUP, options.schemas - group * GROUP);
    const cases = Array.from({ length: size }, (_, index) =>
      randomCase(dice.between(0, 2 ** 31), {
        prefix: `S${group * GROUP + index}`,
        tenantField,
        tenantColumn,
        plantsWhatFollows: true,
      }),
    );
    const features = isStrict ? ['strictUndefinedChecks'] : [];
    for (const setting of options.settings) {
      const provider = setting === 'SQLite' ? 'sqlite' : 'postgresql';
      const generated = await generateOnce(`${options.seed}-${group}`, cases, provider, features);
      const sides = await openSides(setting, cases, generated, options.postgresUrl);
      try {
        for (const given of cases) {
          await runCase(
            sides,
            given,
            generated,
            isStrict,
            Math.ceil(options.operations / options.schemas),
            options,
            tally,
            found,
          );
        }
      } finally {
        await sides.stop();
      }
    }
  }
  return tally;
}

const generatedOnce = new Map<string, Promise<GeneratedClient>>();

function generateOnce(
  name: string,
  cases: readonly RandomCase[],
  provider: 'postgresql' | 'sqlite',
  features: readonly string[],
) {
  const key = `${name}-${provider}`;
  const known =
    generatedOnce.get(key) ??
    generateClient(
      name,
      cases.map(({ schema }) => schema),
      provider,
      features,
    );
  generatedOnce.set(key, known);
  return known;
}

async function runCase(
  sides: Sides,
  given: RandomCase,
  generated: GeneratedClient,
  isStrict: boolean,
  operations: number,
  options: RunOptions,
  tally: Tally,
  found: Map<string, number>,
): Promise<void> {
  const { setting } = sides;
  const { skip, DbNull, JsonNull, AnyNull } = generated.Prisma;
  const values: ClientValues = { skip, DbNull, JsonNull, AnyNull };
  // A client that is not generated for it has no `skip`.
  const named = Object.entries(values).filter(([, value]) => value !== undefined);
  const names = new Map<unknown, string>(named.map(([name, value]) => [value, `Prisma.${name}`]));
  await sides.shared.reset(given);
  await sides.alone.reset(given);
  const begin = await sides.shared.rows(given);
  const crosses = crossesTenants(given);
  const prefix = Number(given.schema.prefix.slice(1));
  for (let n = 0; n < operations && Date.now() < options.until; n += 1) {
    const workSeed = (options.seed ^ (prefix * 1_000_003 + n * 31)) >>> 0;
    const work = randomWork(workSeed, given, values, isStrict);
    const outcome = await compare(sides, given, begin, work);
    tally.add(setting, given.schema.prefix, outcome, originOf(work, crosses));
    if (outcome.verdict !== 'finding') continue;
    const key = `${setting} ${outcome.reason}`;
    const times = (found.get(key) ?? 0) + 1;
    found.set(key, times);
    if (times > 2) continue;
    const [small, smallOutcome] = await smallest(work, outcome, smallerWork, (each) =>
      compare(sides, given, begin, each),
    );
    const provider = setting === 'SQLite' ? 'sqlite' : 'postgresql';
    options.onFinding({
      seed: options.seed,
      workSeed,
      setting,
      code: printWork(small, names),
      schema: relevantModels(schemaText([given.schema], { provider, previewFeatures: [], output: '' }), small, given),
      outcome: smallOutcome,
    });
  }
}

/** Told by what was made, before anything of it ran. */
function originOf({ namesOther }: Work, crosses: boolean): Origin {
  if (namesOther) return 'names another tenant';
  return crosses ? 'over planted references' : 'ordinary';
}

/** Keys that an order rests on, or a value that the comparison needs. */
const KEPT = new Set(['orderBy', 'take', 'skip', 'distinct', 'cursor']);

function* smallerWork(work: Work): Generator<Work> {
  const { operations } = work;
  if (operations.length > 1) {
    for (let index = 0; index < operations.length; index += 1)
      yield { ...work, operations: operations.filter((_, each) => each !== index) };
  } else if (work.together !== 'one') yield { ...work, together: 'one' };
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

/** Of the schema, the models that the work is of and that its arguments go through. */
function relevantModels(text: string, { operations }: Work, { schema }: RandomCase): string {
  const asked = JSON.stringify(operations, (_, value) => (typeof value === 'bigint' ? String(value) : value));
  const reached = new Set(operations.map(({ model }) => model));
  for (const { field, backField, holder, referred } of schema.relations) {
    if (asked.includes(`"${field}"`) || asked.includes(`"${backField}"`)) reached.add(holder).add(referred);
    if (reached.has(holder) && asked.includes(`"${holder}"`)) reached.add(referred);
  }
  for (const { a, b } of schema.links)
    if (asked.includes(a.field) || asked.includes(b.field)) reached.add(a.model).add(b.model);
  return text
    .split(/\n\n(?=model )/)
    .filter((part) => [...reached].some((name) => part.startsWith(`model ${name} {`)))
    .join('\n\n');
}
