import { type Application, readApplication, sourceFiles } from './application.js';
import { addDependencies, neededForTests } from './dependencies.js';
import { loadTypeScript, type TypeScript } from './edit.js';
import { isForPostgres } from './other-database.js';
import { readPrismaSchema } from './prisma-schema.js';
import { type ProofOf, proofFile } from './proof-file.js';
import { seedRoute, whyNoRoute } from './seed-route.js';
import { startedIn } from './started-here.js';
import { placeOf } from './test-place.js';
import { type Context, NothingChanged, Told, type Tree } from './workspace.js';

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
      const { why } = proof.started;
      tree.create(place.path, proofFile(proof));
      told.changed(`${place.path}: one file that proves the whole application`);
      if (why !== null) {
        told.left(
          `main.ts ${why}. Let ${place.path} start the same: a module without the controllers passes, and proves nothing.`,
        );
      }
      told.left(
        `Run it: ${needsImports(tree, app, runner) ? IMPORTING : ''}${place.command}. The first run writes isolation.baseline.json, what nobody has proven yet; commit it.`,
      );
      told.left(
        proof.route
          ? `Rows are planted by POST ${proof.route.path}. Let \`seed\` plant those of your other routes too.`
          : `No route was taken to plant rows: ${whyNoRoute(files)}. Let \`seed\` plant rows through your own routes, and take the probe away.`,
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

function proofOf(
  ts: TypeScript,
  tree: Tree,
  { sourceRoot, isEsm, orms }: Application,
  registered: string,
  files: readonly { readonly path: string; readonly text: string }[],
  runner: 'jest' | 'vitest',
  path: string,
): ProofOf {
  const all = files.map(({ text }) => text).join('\n');
  const isPostgres = orms.every((orm) => isForPostgres(tree, orm, files));
  const domain = /baseDomain:\s*\[?\s*'([^']+)'/.exec(all)?.[1];
  return {
    runner,
    isEsm,
    started: startedIn(ts, tree, { sourceRoot, isEsm }, registered, path),
    tokens: /\bfromJwt\(/.test(all),
    secret: SECRET.exec(all)?.[1] ?? 'JWT_SECRET',
    // The harness calls `acme.localhost` by itself.
    baseDomain: domain && !/baseDomain:[^\n]*'localhost'/.test(all) ? domain : null,
    tenantColumn: isPostgres && /@tenancy\/(?:prisma|typeorm|postgres)/.test(all) ? tenantColumn(tree, all) : null,
    route: seedRoute(ts, files),
  };
}

/** The application's own name for it, once somebody has put that in. */
const SECRET = /\bfromJwt\(\{[^}]*\bsecret:\s*process\.env(?:\.|\[')(\w+)/;

const IMPORTING = 'NODE_OPTIONS=--experimental-vm-modules ';

/** True where Jest must be told to let CommonJS import: a client that Prisma writes as TypeScript does so for its engine. */
const needsImports = (tree: Tree, { isEsm }: Application, runner: 'jest' | 'vitest') =>
  runner === 'jest' && !isEsm && readPrismaSchema(tree)?.isTypeScript === true;

/** The column as the models or entities name it. */
const tenantColumn = (tree: Tree, sources: string) =>
  readPrismaSchema(tree)?.models.find((model) => model.tenantColumn !== null)?.tenantColumn ??
  /@TenantColumn\(\{[^}]*\bname:\s*['"](\w+)/.exec(sources)?.[1] ??
  'tenant_id';
