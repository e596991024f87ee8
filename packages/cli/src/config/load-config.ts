import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CliError } from '../errors/cli-error.js';
import { KNOWN } from './tenancy-config.js';

/** A configuration as its file says it. */
export type ConfigContent = Readonly<Record<string, unknown>>;

/** @throws CliError `config_unreadable` or `config_wrong`. */
export async function loadConfig(file: string): Promise<ConfigContent> {
  const content = await loadFile(file);
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    const what = extname(file) === '.json' ? 'holds no object' : 'has no default export that is an object';
    throw new CliError('config_wrong', `${file} ${what}. Write \`export default defineConfig({ … })\`.`);
  }
  const unknown = Object.keys(content).find((name) => !KNOWN.includes(name));
  if (unknown !== undefined) {
    throw new CliError(
      'config_wrong',
      `${file} has \`${unknown}\`, which nobody reads. It may have ${KNOWN.map((name) => `\`${name}\``).join(', ')}.`,
    );
  }
  // What is left undefined, such as an environment variable that is not set, is not there.
  return Object.fromEntries(Object.entries(content).filter(([, value]) => value !== undefined));
}

/**
 * The default export of a file, or what it holds as JSON.
 *
 * @throws CliError `config_unreadable`.
 */
export async function loadFile(file: string): Promise<unknown> {
  return contentOf(file).catch((cause: unknown) => {
    throw new CliError('config_unreadable', `${file} cannot be loaded: ${saidBy(cause)}. Correct it.`, { cause });
  });
}

async function contentOf(file: string): Promise<unknown> {
  switch (extname(file)) {
    case '.json':
      return JSON.parse(await readFile(file, 'utf8'));
    case '.ts':
    case '.mts':
    case '.cts':
      return unwrapped(await loadTypeScript(file));
    case '.js':
    case '.mjs':
    case '.cjs':
      return unwrapped(await import(pathToFileURL(file).href));
    default:
      throw new Error('its ending is none of ts, mts, cts, js, mjs, cjs, json');
  }
}

/**
 * Loads TypeScript in the same way on every Node: what 24 does by itself takes neither an `enum`, nor `import` in a package of
 * CommonJS, nor an import without its ending, and 20 does nothing by itself.
 */
async function loadTypeScript(file: string): Promise<unknown> {
  const { createJiti } = await import('jiti');
  return createJiti(import.meta.url, { interopDefault: false }).import(file);
}

/** The default export; of CommonJS that was compiled from a module, the one inside of it. */
function unwrapped(module: unknown): unknown {
  const inner = (module as { readonly default?: unknown }).default;
  const compiled = inner as { readonly __esModule?: unknown; readonly default?: unknown } | null | undefined;
  return compiled?.__esModule === true ? compiled.default : inner;
}

function saidBy(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).replace(/\.$/, '');
}
