import { dirname, posix } from 'node:path';
import { type Application, importPath, readApplication, rootModule, sourceFiles } from './application.js';
import { addDependencies, neededFor } from './dependencies.js';
import { addDevelopment, neededForDevelopment } from './development.js';
import { edited, loadTypeScript, parse, type TypeScript } from './edit.js';
import { addedImports, importEnding } from './imports.js';
import { refuseUnknown } from './known-options.js';
import { addLintRules } from './lint-config.js';
import { registration } from './module-registration.js';
import { optionsFile } from './options-file.js';
import { isForPostgres } from './other-database.js';
import { hasPolicies, loadCompiler, writePolicies } from './policies.js';
import type { Compiler } from './prisma-policies.js';
import { addPrismaScope } from './prisma-setup.js';
import { type ProjectOptions, refuseUnknownProject } from './project.js';
import { type Ask, chosenOrm, chosenSources, type Sources, terminal } from './questions.js';
import { sharedNames } from './shared-names.js';
import { addTypeOrmScope, TYPEORM_SCOPE } from './typeorm-setup.js';
import { type Context, NothingChanged, Told, type Tree } from './workspace.js';

/** Options of `nest add @tenancy/core`. */
export interface NestAddOptions extends ProjectOptions {
  readonly baseDomain?: string;
  readonly tokens?: boolean;
  readonly orm?: string;
  readonly shared?: string;
  readonly module?: string;
  readonly localPostgres?: boolean;
  readonly sourceRoot?: string;
  readonly skipInstall?: boolean;
  /** `-s` behind an option of a schematic, which Nest's command passes on as it is. */
  readonly s?: boolean;
}

/** Things that a schematic finds outside of the application's files. */
export interface Outside {
  readonly ask: () => Ask;
  readonly typescript: () => TypeScript;
  readonly compiler: () => Compiler | null;
}

const outside: Outside = { ask: terminal, typescript: loadTypeScript, compiler: loadCompiler };

/** Makes an application multi-tenant, as far as that can be told from its files. What is there already stays as it is. */
export const nestAdd =
  (options: NestAddOptions, { ask, typescript, compiler }: Outside = outside) =>
  async (tree: Tree, context: Context): Promise<void> => {
    refuseUnknown(options);
    refuseUnknownProject(tree, options);
    const app = readApplication(tree, options);
    const ts = typescript();
    const told = new Told();
    const files = sourceFiles(tree, app.sourceRoot);
    const registered = files.find(({ text }) => /\bTenancyModule\s*\.\s*forRoot(?:Async)?\b/.test(text));
    const person = ask();
    const sources = registered ? null : await chosenSources(options, person);
    const orm = await chosenOrm(app, options.orm, person);
    const shared = sharedNames(tree, orm, options.shared);
    if (sources) register(ts, tree, told, app, sources, options.module);
    const tokens = sources?.tokens ?? files.some(({ text }) => /\bfromJwt\(/.test(text));
    addLintRules(ts, tree, told, app.isEsm);
    const isPostgres = isForPostgres(tree, orm, files);
    const hasLocal = options.localPostgres === true && isPostgres;
    const local = hasLocal ? neededForDevelopment(tree, app, orm) : [];
    const needed = [...neededFor(tree, app, tokens, orm, isPostgres), ...local];
    const skips = options.skipInstall === true || options.s === true;
    const installing = addDependencies(tree, context, told, app, needed, skips);
    const root = () => rootModule(ts, tree, app.sourceRoot, options.module);
    if (orm === 'typeorm') addTypeOrmScope(ts, tree, told, app, sourceFiles(tree, app.sourceRoot), shared);
    if (orm === 'prisma') addPrismaScope(ts, tree, told, app, files, root, shared);
    if (hasLocal) addDevelopment(tree, told, app, orm, files);
    else if (options.localPostgres) told.left('Nothing came of --local-postgres: the ORM is on another database.');
    if (orm !== 'none' && !hasPolicies(tree, app)) {
      const isWaiting = writePolicies(tree, told, app, orm, compiler(), new Date());
      if (isWaiting) policiesLater(context, told, app.sourceRoot, installing);
    }
    if (options.orm === undefined && orm === 'none' && !person) leftOrms(told, app, files);
    if (sources) leftToDo(told, sources);
    told.tell(context, `Nothing to change: ${registered?.path} registers TenancyModule already.`);
  };

/** Has the policies compiled by what is being installed, as RunSchematicTask of @angular-devkit/schematics says it. */
function policiesLater(context: Context, told: Told, sourceRoot: string, installing: unknown): void {
  if (installing === null) {
    told.left('Install what is new, then write the roles and policies: nest g -c @tenancy/core policies');
    return;
  }
  const schematic = { collection: '@tenancy/core', name: 'policies', options: { sourceRoot } };
  context.addTask({ toConfiguration: () => ({ name: 'run-schematic', options: schematic }) }, [installing]);
}

function register(
  ts: TypeScript,
  tree: Tree,
  told: Told,
  { sourceRoot, isEsm }: { readonly sourceRoot: string; readonly isEsm: boolean },
  sources: Sources,
  module: string | undefined,
): void {
  const { path, className } = rootModule(ts, tree, sourceRoot, module);
  const text = tree.readText(path);
  const source = parse(ts, path, text);
  const optionsPath = posix.join(dirname(path), 'tenancy.options.ts');
  const imports = [
    "import { TenancyModule } from '@tenancy/core'",
    `import { tenancyOptions } from '${importPath(path, optionsPath)}${importEnding(ts, source, isEsm)}'`,
  ];
  const entry = 'TenancyModule.forRootAsync({ useFactory: tenancyOptions })';
  const registered = registration(ts, source, className, entry);
  if ('why' in registered) {
    throw new NothingChanged(
      `cannot tell where the imports of ${className ?? 'the root module'} in ${path} are: ${registered.why}`,
      `Add these lines there, with ${optionsPath}, and run it again for the rest; or name another file by --module.

  ${imports.join(';\n  ')};
  // among the imports of @Module:
  ${entry},

${optionsPath}:

${optionsFile(sources).replaceAll(/^(?=.)/gm, '  ')}`,
    );
  }
  tree.overwrite(path, edited(text, [addedImports(ts, source, imports), ...registered.insertions]));
  told.changed(`${path}: imports TenancyModule`);
  if (tree.exists(optionsPath)) {
    if (!/\bexport\b.*\btenancyOptions\b/.test(tree.readText(optionsPath))) {
      throw new NothingChanged(
        `${optionsPath} is there and exports no tenancyOptions`,
        'Rename it, or let it export them.',
      );
    }
    return;
  }
  tree.create(optionsPath, optionsFile(sources));
  told.changed(`${optionsPath}: the registry, with two tenants to begin with, and the sources`);
}

/** Names the ORMs that are not held to the tenant, where nobody was there to say which one is meant. */
function leftOrms(told: Told, { orms }: Application, files: readonly { readonly text: string }[]): void {
  const scopes = { prisma: /\bTenantPrismaModule\b|\btenantScoped\(/, typeorm: TYPEORM_SCOPE };
  const open = orms.filter((orm) => !files.some(({ text }) => scopes[orm].test(text)));
  if (orms.length < 2 || open.length === 0) return;
  told.left(
    `The application has Prisma and TypeORM, and nobody said which is held to the tenant. Run it again for each that is meant: nest add @tenancy/core --skip-install ${open.map((orm) => `--orm ${orm}`).join(', or ')}`,
  );
}

function leftToDo(told: Told, { baseDomain, tokens }: Sources): void {
  if (tokens) told.left('Set JWT_SECRET to at least 32 bytes (openssl rand -base64 32): without it nothing starts.');
  told.left(
    baseDomain
      ? 'Start it, and call http://acme.localhost:3000. Without a tenant each route answers 401; those that need none get @Untenanted().'
      : 'Call it with a token. Without a tenant each route answers 401; those that need none get @Untenanted().',
  );
  told.left(
    'Replace the registry in tenancy.options.ts by your own tenants. Tests that call routes need a tenant too.',
  );
  told.left('Write the first proof: nest g -c @tenancy/core isolation-test');
}
