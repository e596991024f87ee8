// Compiles each source of the folder it is called in, by itself: their types are looked at by `pnpm typecheck`, and nothing is
// installed here that would know those of the packages. Decorators write the types of constructor parameters, as Nest reads them.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';

const config = ts.getParsedCommandLineOfConfigFile(
  'tsconfig.build.json',
  {},
  { ...ts.sys, onUnRecoverableConfigFileDiagnostic() {} },
);
// By itself, a file does not know that its package is of ES modules.
const esModules = { module: ts.ModuleKind.ES2022, moduleResolution: ts.ModuleResolutionKind.Bundler };
const options = { ...config.options, ...esModules, declaration: false };
const problems = [];
for (const file of readdirSync('src', { recursive: true }).filter((name) => /(?<!\.d)\.ts$/.test(name))) {
  const source = readFileSync(join('src', file), 'utf8');
  const fileName = join(process.cwd(), 'src', file);
  const compiled = ts.transpileModule(source, { compilerOptions: options, fileName, reportDiagnostics: true });
  problems.push(...(compiled.diagnostics ?? []));
  const target = join('dist', file.replace(/\.ts$/, '.js'));
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, compiled.outputText);
  if (compiled.sourceMapText) writeFileSync(`${target}.map`, compiled.sourceMapText);
}
if (problems.length > 0) {
  const host = {
    getCanonicalFileName: (name) => name,
    getCurrentDirectory: () => process.cwd(),
    getNewLine: () => '\n',
  };
  console.error(ts.formatDiagnostics(problems, host));
  process.exit(1);
}
