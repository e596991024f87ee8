import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ending, run } from './run.mjs';

export const TYPESCRIPTS = ['5.4', '5.5', '5.6', '5.7', '5.8', '5.9', '6.0', '7.0'];

/** The module is a function: a setup file of Jest's. */
const A_FUNCTION = ['@tenancy/testing/jest-setup'];

/** Every compiler that is supported, by its version, in one folder. */
export async function installTypescripts(folder) {
  const tools = join(folder, 'typescripts');
  await mkdir(tools, { recursive: true });
  await writeFile(join(tools, 'package.json'), '{"private":true}');
  const aliases = TYPESCRIPTS.map((version) => `typescript-${version}@npm:typescript@~${version}.0`);
  const installed = await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', ...aliases], tools);
  if (installed.code !== 0) throw new Error(ending(installed).join('\n'));
  return (version) => join(tools, `node_modules/typescript-${version}/bin/tsc`);
}

/**
 * Compiles a file that imports every entry, with the declarations of all packages examined (`skipLibCheck: false`). Errors count where
 * they stand in this file or in a declaration of these packages: those of other packages are not ours to mend.
 */
export async function compile(app, entries, resolution, tsc) {
  const imports = entries.map(
    (entry, index) => `import ${A_FUNCTION.includes(entry) ? '' : '* as '}entry${index} from '${entry}';`,
  );
  const uses = entries.map((_, index) => `entry${index}`);
  const source = `${imports.join('\n')}\nexport const entries = [${uses.join(', ')}];\n`;
  await writeFile(join(app, 'every-entry.ts'), source);
  const compilerOptions = {
    target: 'ES2022',
    lib: ['ES2023', 'DOM'],
    types: ['node'],
    strict: true,
    esModuleInterop: true,
    exactOptionalPropertyTypes: true,
    experimentalDecorators: true,
    skipLibCheck: false,
    noEmit: true,
    ...(resolution === 'bundler'
      ? { module: 'esnext', moduleResolution: 'bundler' }
      : { module: 'node16', moduleResolution: 'node16' }),
  };
  await writeFile(join(app, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['every-entry.ts'] }));
  const done = await run(process.execPath, [tsc, '-p', '.', '--pretty', 'false'], app);
  const errors = `${done.stdout}${done.stderr}`.split('\n').filter((line) => /error TS\d+/.test(line));
  const ours = errors.filter((line) => !/^(\.\.\/)*node_modules\/(?!@tenancy\/)/.test(line));
  if (done.code !== 0 && errors.length === 0) ours.push(...ending(done));
  return { problems: ours.slice(0, 8), elsewhere: errors.length - ours.length };
}
