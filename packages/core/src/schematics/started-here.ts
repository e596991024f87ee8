import { dirname, posix } from 'node:path';
import { type Application, importPath, rootModule } from './application.js';
import { nodesOf, parse, type TypeScript } from './edit.js';
import { importEnding } from './imports.js';
import { type StartedImport, startedExpression } from './started-expression.js';
import { type Tree, textOf } from './workspace.js';

/** The thing that a test starts, and what it imports for that. */
export interface StartedHere {
  readonly expression: string;
  readonly isAwaited: boolean;
  readonly imports: readonly StartedImport[];
  /** The words for what main.ts does instead, where that could not be told; null where it is the same. */
  readonly why: string | null;
}

/**
 * The expression that main.ts starts, as the file `path` writes it; where that cannot be told, the class of the root module.
 *
 * @param registered the file that registers TenancyModule: where main.ts does not tell, it was told to `nest add`
 */
export function startedIn(
  ts: TypeScript,
  tree: Tree,
  { sourceRoot, isEsm }: Pick<Application, 'sourceRoot' | 'isEsm'>,
  registered: string,
  path: string,
): StartedHere {
  const mainPath = posix.join(sourceRoot, 'main.ts');
  const main = textOf(tree, mainPath);
  const started = main === null ? { why: 'is not there' } : startedExpression(ts, parse(ts, mainPath, main));
  if (!('why' in started)) {
    const imports = started.imports.map(({ clause, from }) => ({ clause, from: turned(mainPath, path, from) }));
    return { ...started, imports, why: null };
  }
  const { path: module, className } = rootModule(ts, tree, sourceRoot, undefined, registered);
  const source = parse(ts, module, tree.readText(module));
  const classes = [...nodesOf(ts, source)].filter(ts.isClassDeclaration).map(({ name }) => name?.text);
  const expression = className ?? classes.find((name) => name?.endsWith('Module')) ?? 'AppModule';
  const from = `${importPath(path, module)}${importEnding(ts, source, isEsm)}`;
  return { expression, isAwaited: false, imports: [{ clause: `{ ${expression} }`, from }], why: started.why };
}

/** The specifier of an import of `main.ts`, as a file elsewhere writes it. */
function turned(mainPath: string, path: string, from: string): string {
  if (!from.startsWith('.')) return from;
  const relative = posix.relative(dirname(path), posix.join(dirname(mainPath), from));
  return relative.startsWith('.') ? relative : `./${relative}`;
}
