import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { type Block, blocksOf, pages, sources } from './blocks.ts';
import { filesOf, root } from './repository.ts';

interface Example {
  /** A file that does not exist, in the package that the example is about, so that its imports resolve. */
  readonly file: string;
  readonly code: string;
}

const COMPILED = ['ts', 'js'];

/** Pages whose files import one another, and whose client is generated: test/consumers writes, builds and starts them. */
const BUILT_ELSEWHERE = /^docs\/getting-started-(?:prisma|typeorm)\.md$/;

const examplesOf = (file: string): readonly Example[] =>
  blocksOf(file)
    .filter(({ language }) => COMPILED.includes(language) && !BUILT_ELSEWHERE.test(file))
    .map((block, index) => ({
      file: join(root, home(file), `__example-${file.replaceAll(/\W/g, '-')}-${index}.${extensionOf(block)}`),
      code: block.code,
    }));

/** JavaScript is CommonJS where it says so. */
function extensionOf({ language, code }: Block): string {
  if (language === 'ts') return 'ts';
  return /\b(?:module\.exports|require\()/.test(code) ? 'cjs' : 'mjs';
}

function home(file: string): string {
  // Beside the adapter that the page shows.
  if (file === 'docs/adapter.md') return 'packages/postgres/test/adapter';
  if (file === 'docs/migrations.md') return 'packages/typeorm';
  if (file === 'docs/adopting-a-database.md' || file === 'docs/changes.md') return 'packages/postgres';
  // Where the peers of its subpath are.
  if (file === 'docs/caches.md' || file === 'docs/queues.md') return 'packages/core';
  // Beside the client that is generated for it.
  if (file === 'docs/into-an-existing-application.md') return 'examples/hiring-platform/src';
  if (file === 'docs/events.md' || file === 'docs/authentication.md') return 'test/census';
  // Beside a client of Redis.
  if (file === 'docs/microservices.md' || file === 'docs/websockets.md') return 'packages/core';
  if (file === 'docs/graphql.md') return 'packages/core';
  if (file === 'docs/clocks.md') return 'packages/core';
  if (
    file === 'docs/limits.md' ||
    file === 'docs/calling-services.md' ||
    file === 'docs/files.md' ||
    file === 'docs/logs.md'
  )
    return 'packages/core';
  const place = /^packages\/\w+/.exec(file)?.[0] ?? 'examples/hiring-platform';
  // Beside the client that is generated for its tests.
  return place === 'packages/prisma' ? 'packages/prisma/test' : place;
}

function problemsOf(examples: readonly Example[]): string[] {
  const options: ts.CompilerOptions = {
    ...ts.parseJsonConfigFileContent(
      ts.readConfigFile(join(root, 'tsconfig.base.json'), ts.sys.readFile).config,
      ts.sys,
      root,
    ).options,
    allowJs: true,
    checkJs: true,
    noUnusedLocals: false,
    noUnusedParameters: false,
    // Environment variables are read as people write them.
    noPropertyAccessFromIndexSignature: false,
    // Examples show constructor injection as an application writes it.
    emitDecoratorMetadata: false,
  };
  const virtual = new Map(
    examples.map(({ file, code }) => [file, file.endsWith('.ts') ? `${code}\nexport {};\n` : code]),
  );
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile } = host;
  host.fileExists = (file) => virtual.has(file) || fileExists(file);
  host.readFile = (file) => virtual.get(file) ?? readFile(file);
  const program = ts.createProgram([...virtual.keys()], options, host);
  return [...virtual.keys()].flatMap((file) => {
    const source = program.getSourceFile(file);
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
      ({ start, messageText }) =>
        `${relative(root, file)}:${source?.getLineAndCharacterOfPosition(start ?? 0).line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
    );
  });
}

describe('every example compiles as it stands', () => {
  const documented = [...pages, ...sources].filter((file) => examplesOf(file).length > 0);
  const examples = documented.flatMap(examplesOf);
  // An example that declares fields of its own for every tenant would change the types of the others.
  const augmenting = examples.filter(({ code }) => code.includes('declare module'));
  const problems = [
    examples.filter((example) => !augmenting.includes(example)),
    ...augmenting.map((example) => [example]),
  ]
    .filter((program) => program.length > 0)
    .flatMap(problemsOf);

  it('and there are some', () => {
    expect(examples.length).toBeGreaterThan(20);
  });

  it.each(documented)('in %s', (file) => {
    const own = examplesOf(file).map((example) => relative(root, example.file));
    expect(problems.filter((problem) => own.some((name) => problem.startsWith(`${name}:`)))).toEqual([]);
  });
});

it.each(pages)('every link of %s leads to a file and a heading that exist', (page) => {
  const links = [...readFileSync(join(root, page), 'utf8').matchAll(/\]\((?!https?:)([^)]+)\)/g)].map(
    ([, link = '']) => link,
  );
  const broken = links.filter((link) => {
    const [path = '', heading] = link.split('#');
    const target = path === '' ? join(root, page) : join(root, dirname(page), path);
    if (!existsSync(target)) return true;
    return heading !== undefined && !headingsOf(target).includes(heading);
  });
  expect(broken).toEqual([]);
});

describe('every page is named where a reader comes by', () => {
  const named = (file: string) => readFileSync(join(root, file), 'utf8');
  const top = filesOf(/^docs\/[\w-]+\.md$/);

  it.each(top)('%s', (page) => {
    const readmes = filesOf(/^packages\/\w+\/README\.md$/);
    expect(named('README.md').includes(`](${page})`) || readmes.some((file) => named(file).includes(page))).toBe(true);
  });

  it.each<[string, string[]]>([
    ['README.md', ['guide', 'errors', 'security', 'contexts', 'detection', 'adapter']],
    ['packages/core/README.md', ['guide', 'errors', 'security', 'contexts', 'adapter']],
    ['packages/postgres/README.md', ['guide', 'errors', 'security']],
    ['packages/prisma/README.md', ['guide', 'errors', 'security', 'contexts']],
    ['packages/typeorm/README.md', ['guide', 'errors', 'security', 'contexts']],
    ['packages/testing/README.md', ['detection', 'errors', 'contexts']],
  ])('in %s', (readme, pages) => {
    const missing = pages.map((page) => `docs/${page}.md`).filter((page) => !named(readme).includes(page));
    expect(missing).toEqual([]);
  });
});

const headingsOf = (file: string): string[] =>
  [...readFileSync(file, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
