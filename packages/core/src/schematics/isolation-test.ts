import { posix } from 'node:path';
import { type Application, importPath, readApplication, rootModule, sourceFiles } from './application.js';
import { addDependencies, neededForTests } from './dependencies.js';
import { loadTypeScript, nodesOf, parse, type TypeScript } from './edit.js';
import { importEnding } from './imports.js';
import { readPrismaSchema } from './prisma-schema.js';
import { type ProofOf, proofFile } from './proof-file.js';
import { seedRoute } from './seed-route.js';
import { type Context, filesBelow, NothingChanged, Told, type Tree } from './workspace.js';

/** Options of `nest g -c @tenancy/core isolation-test`. */
export interface IsolationTestOptions {
  readonly sourceRoot?: string;
}

/** Writes the test that proves the isolation of the whole application, where there is none. */
export const isolationTest =
  (options: IsolationTestOptions, load: () => TypeScript = loadTypeScript) =>
  (tree: Tree, context: Context): void => {
    const app = readApplication(tree, options);
    const ts = load();
    const files = sourceFiles(tree, app.sourceRoot);
    const registered = files.find(({ text }) => /\bTenancyModule\s*\.\s*forRoot/.test(text));
    if (!registered) {
      throw new NothingChanged('nothing registers TenancyModule', 'Run first: nest add @tenancy/core');
    }
    const told = new Told();
    const runner = runnerOf(app);
    const place = placeOf(tree, app);
    if (!tree.exists(place.path)) {
      const proof = proofOf(ts, tree, app, registered.path, files, runner, place.path);
      tree.create(place.path, proofFile(proof));
      told.changed(`${place.path}: one file that proves the whole application`);
      told.left(
        `Run it: ${needsImports(tree, app, runner) ? IMPORTING : ''}npm run ${place.script}. The first run writes isolation.baseline.json, what nobody has proven yet; commit it.`,
      );
      told.left(
        proof.route
          ? `Rows are planted by POST ${proof.route.path}. Let \`seed\` plant those of your other routes too.`
          : 'Let `seed` plant rows through your own routes, and take the probe away.',
      );
    }
    addDependencies(tree, context, told, app, neededForTests(tree, app), false);
    told.tell(context, `Nothing to change: ${place.path} is there already.`);
  };

function runnerOf({ has, manifest }: Application): 'jest' | 'vitest' {
  const runners = (['jest', 'vitest'] as const).filter(has);
  const [only] = runners;
  if (!only) {
    throw new NothingChanged('package.json has neither Jest nor Vitest', 'Install one of them, and run this again.');
  }
  return runners.length > 1 && /\bvitest\b/.test(Object.values(manifest.scripts ?? {}).join('\n')) ? 'vitest' : only;
}

/** The place of Nest's own end-to-end tests, or beside the sources. */
function placeOf(
  tree: Tree,
  { sourceRoot, manifest }: Application,
): { readonly path: string; readonly script: string } {
  const folder = posix.join(posix.dirname(sourceRoot), 'test');
  return filesBelow(tree, folder).length > 0 && manifest.scripts?.['test:e2e']
    ? { path: posix.join(folder, 'isolation.e2e-spec.ts'), script: 'test:e2e' }
    : { path: posix.join(sourceRoot, 'isolation.spec.ts'), script: 'test' };
}

function proofOf(
  ts: TypeScript,
  tree: Tree,
  { sourceRoot, isEsm }: Application,
  registered: string,
  files: readonly { readonly path: string; readonly text: string }[],
  runner: 'jest' | 'vitest',
  path: string,
): ProofOf {
  // Where main.ts does not tell, it was told to `nest add`.
  const { path: module, className } = rootModule(ts, tree, sourceRoot, undefined, registered);
  const source = parse(ts, module, tree.readText(module));
  const classes = [...nodesOf(ts, source)].filter(ts.isClassDeclaration).map(({ name }) => name?.text);
  const all = files.map(({ text }) => text).join('\n');
  const domain = /baseDomain:\s*\[?\s*'([^']+)'/.exec(all)?.[1];
  return {
    runner,
    isEsm,
    module: className ?? classes.find((name) => name?.endsWith('Module')) ?? 'AppModule',
    from: `${importPath(path, module)}${importEnding(ts, source, isEsm)}`,
    tokens: /\bfromJwt\(/.test(all),
    // The harness calls `acme.localhost` by itself.
    baseDomain: domain && !/baseDomain:[^\n]*'localhost'/.test(all) ? domain : null,
    tenantColumn: /@tenancy\/(?:prisma|typeorm|postgres)/.test(all) ? tenantColumn(tree, all) : null,
    route: seedRoute(ts, files),
  };
}

const IMPORTING = 'NODE_OPTIONS=--experimental-vm-modules ';

/** True where Jest must be told to let CommonJS import: a client that Prisma writes as TypeScript does so for its engine. */
const needsImports = (tree: Tree, { isEsm }: Application, runner: 'jest' | 'vitest') =>
  runner === 'jest' && !isEsm && readPrismaSchema(tree)?.isTypeScript === true;

/** The column as the models or entities name it. */
const tenantColumn = (tree: Tree, sources: string) =>
  readPrismaSchema(tree)?.models.find((model) => model.tenantColumn !== null)?.tenantColumn ??
  /@TenantColumn\(\{[^}]*\bname:\s*['"](\w+)/.exec(sources)?.[1] ??
  'tenant_id';
