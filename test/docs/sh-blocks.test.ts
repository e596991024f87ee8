import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildProgram } from '../../packages/cli/src/program.ts';
import { allBlocks, placeOf } from './blocks.ts';
import { filesOf, root } from './repository.ts';
import { commandsOf } from './shell.ts';

interface Manifest {
  readonly name: string;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

const read = (file: string) => JSON.parse(readFileSync(join(root, file), 'utf8'));
const manifests: readonly Manifest[] = filesOf(
  /^(?:package|docs\/package|benchmarks\/package|(?:packages|examples)\/[\w-]+\/package)\.json$/,
).map(read);
const scripts = manifests.find(({ name }) => name === 'tenancy')?.scripts ?? {};

/** Every range in which a package is asked for here. */
const ranges = new Map<string, Set<string>>();
for (const { dependencies, devDependencies, peerDependencies } of manifests) {
  for (const [name, range] of Object.entries({ ...dependencies, ...devDependencies, ...peerDependencies })) {
    ranges.set(name, (ranges.get(name) ?? new Set()).add(range));
  }
  for (const [name, range] of Object.entries(peerDependencies ?? {})) ranges.get(name)?.add(range);
}

type Command = ReturnType<typeof buildProgram>;

type Check = (words: readonly string[]) => Promise<string | undefined> | string | undefined;

/** Commands of `pnpm` itself, besides the scripts. */
const PNPM = ['install', 'test', 'start', '-r', '--filter'];

const pnpm: Check = ([first = '', second = '', third = '']) => {
  if (first === '--filter') {
    const of = manifests.find(({ name }) => name === second);
    return of?.scripts?.[third] ? undefined : `no package ${second} with a script ${third}`;
  }
  if (first === '-r') return manifests.some(({ scripts: own }) => own?.[second]) ? undefined : `no script ${second}`;
  return first in scripts || PNPM.includes(first) ? undefined : `no script ${first}`;
};

/** Parsed by the command's own program, whose actions do nothing. */
async function tenancy(words: readonly string[]): Promise<string | undefined> {
  const program = buildProgram(() => {});
  const still = (command: Command): void => {
    command.exitOverride().configureOutput({ writeErr: () => {}, writeOut: () => {} });
    if (command.commands.length === 0 || command.registeredArguments.length > 0 || command.options.length > 1) {
      command.action(() => {});
    }
    for (const inner of command.commands) still(inner);
  };
  still(program);
  try {
    await program.parseAsync([...words], { from: 'user' });
    return undefined;
  } catch (error) {
    if (error instanceof Error && error.name === 'CommanderError') return error.message;
    throw error;
  }
}

/** Names that are installed are of the workspace or asked for by a package of it, in a version that one of its ranges names. */
const install: Check = (words) => {
  for (const word of words.filter((one) => !one.startsWith('-'))) {
    const [, name = '', version] = /^(@?[^@]+)(?:@(.+))?$/.exec(word) ?? [];
    if (manifests.some((one) => one.name === name)) continue;
    const known = ranges.get(name);
    if (!known) return `no package here asks for ${name}`;
    if (
      version &&
      ![...known].some((range) => new RegExp(`(?:^|[\\s^~>=|])${version.replaceAll('.', '\\.')}(?:\\.|$)`).test(range))
    ) {
      return `no range here has ${name}@${version}: ${[...known].join(', ')}`;
    }
  }
  return undefined;
};

const camel = (flag: string) =>
  flag.replace(/^--/, '').replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());

/** `nest add @tenancy/core` and `nest g -c @tenancy/core NAME`, with the flags of their schemas. */
const nest: Check = (words) => {
  const name = words[0] === 'add' ? 'nest-add' : words[3];
  if (words[words[0] === 'add' ? 1 : 2] !== '@tenancy/core') return 'not of @tenancy/core';
  const { schematics } = read('packages/core/schematics/collection.json');
  if (!schematics[name ?? '']) return `no schematic ${name}`;
  const { properties } = read(`packages/core/schematics/${name}.json`);
  return words.find((word) => word.startsWith('--') && !(camel(word) in properties));
};

/** `npx @nestjs/cli@12 new NAME`, and the only flag of it that a page needs. */
const newApplication: Check = ([command, , ...flags]) =>
  command === 'new' && flags.join(' ') === '--package-manager npm' ? undefined : `nest ${command} ${flags.join(' ')}`;

/** Scripts of an application that `nest new` and `nest add --local-postgres` write. */
const SCRIPTS = ['database', 'migrate', 'test:e2e'];

/** Tools that are run by `npx`: each is a dependency here, or has a check. */
const NPX: Readonly<Record<string, Check>> = {
  tenancy,
  nest,
  '@nestjs/cli@11': newApplication,
  '@nestjs/cli@12': newApplication,
  'tenancy-postgres': (words) => words[0],
  vitest: () => undefined,
  tsc: () => undefined,
  biome: ([first]) => (first === 'check' ? undefined : `biome ${first}`),
  prisma: ([first = '']) => (['generate', 'migrate', 'validate', 'db'].includes(first) ? undefined : `prisma ${first}`),
  typeorm: ([first = '']) => (first.startsWith('migration:') ? undefined : `typeorm ${first}`),
  jest: () => undefined,
};

const npx: Check = (words) => {
  const rest = words.filter((word) => word !== '--yes' && word !== '-y');
  const [tool = '', ...given] = rest;
  if (/^pnpm@12$/.test(tool)) return pnpm(given);
  return NPX[tool] ? NPX[tool](given) : `npx ${tool} is not known`;
};

const npm: Check = ([first = '', ...words]) => {
  if (first === 'install') return install(words);
  if (first === 'run') return SCRIPTS.includes(words[0] ?? '') ? undefined : `no script ${words[0]}`;
  return ['ci', 'start'].includes(first) ? undefined : `npm ${first}`;
};

/** Programs that a reader has, or is told to have. */
const KNOWN: Readonly<Record<string, Check>> = {
  npx,
  pnpm,
  npm,
  // PostgreSQL's own, whose words are names of databases.
  createdb: () => undefined,
  createuser: () => undefined,
  psql: () => undefined,
  pg_dump: () => undefined,
  pg_restore: () => undefined,
  // Of every system.
  curl: () => undefined,
  cd: () => undefined,
  export: () => undefined,
  git: () => undefined,
  node: () => undefined,
  docker: () => undefined,
};

const problemOf: Check = (words) => {
  const [program = '', ...rest] = words;
  return KNOWN[program] ? KNOWN[program](rest) : `${program} is not known`;
};

describe('the commands of every page are there', () => {
  const blocks = allBlocks.filter(({ language }) => language === 'sh');

  it.each(blocks.map((block) => [placeOf(block), block] as const))('%s', async (_, { code }) => {
    const commands = commandsOf(code);
    expect(commands.length).toBeGreaterThan(0);
    for (const { words } of commands) {
      if (words.length > 0) expect(await problemOf(words), words.join(' ')).toBeUndefined();
    }
  });

  it.each([
    ['npx pnpm@12 no-such-script', 'no script'],
    ['npx tenancy migrate --no-such-flag', 'unknown option'],
    ['npx tenancy no-such-command', 'unknown command'],
    ['npm install left-pad', 'asks for'],
    ['npm install @nestjs/jwt@9', 'no range'],
    ['npm run nothing', 'no script'],
    ['npx @nestjs/cli@12 old jobs', 'nest old'],
    ['npx nest add @tenancy/core --nothing', '--nothing'],
    ['frobnicate', 'not known'],
  ])('%s would be found', async (line, says) => {
    const [command] = commandsOf(line);
    expect(await problemOf(command?.words ?? [])).toContain(says);
  });
});
