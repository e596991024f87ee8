import { dirname, resolve } from 'node:path';
import type { MigrationTargets } from '@tenancy/postgres/migrations';
import type { ClientConfig } from 'pg';
import { CliError } from '../errors/cli-error.js';
import { CONFIG_FILES, findConfig } from './find-config.js';
import { jsonTargets } from './json-targets.js';
import { loadConfig } from './load-config.js';
import type { TenancyConfig } from './tenancy-config.js';

/** A part without which a command cannot do anything. */
export type Need = 'connection' | 'migrations';

/** Things that a configuration depends on. */
export interface Surroundings {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The file that `--config` names. */
  readonly file?: string | undefined;
  /** The folder that `--directory` names. */
  readonly directory?: string | undefined;
  /** @defaultValue both */
  readonly needs?: readonly Need[] | undefined;
}

/**
 * The configuration of a run: a flag goes before an environment variable, and that before the file. Without a file, flags and variables
 * may say everything.
 *
 * @throws CliError for a configuration that is missing, unreadable or wrong.
 */
export async function resolveConfig(surroundings: Surroundings): Promise<TenancyConfig> {
  const file = fileOf(surroundings);
  const content = file === null ? {} : await loadConfig(file);
  const { cwd, env } = surroundings;
  const config: Record<string, unknown> = { ...content };
  // Relative to the file that says it, wherever in the project the command is called.
  if (file !== null && typeof content['directory'] === 'string' && content['directory'] !== '') {
    config['directory'] = resolve(dirname(file), content['directory']);
  }
  if (config['directory'] !== undefined && config['migrations'] !== undefined) {
    throw new CliError(
      'config_wrong',
      `${file}: \`directory\` and \`migrations\` both say what is to run. Leave one of them out.`,
    );
  }
  const directory = surroundings.directory ?? (env['TENANCY_MIGRATIONS'] || undefined);
  if (directory !== undefined) {
    config['directory'] = resolve(cwd, directory);
    delete config['migrations'];
  }
  const url = env['TENANCY_DATABASE_URL'] || undefined;
  const isEach = (config['targets'] as MigrationTargets | undefined)?.kind === 'databases';
  if (url !== undefined && isEach) {
    throw new CliError(
      'wrong_use',
      'the configuration says where the database of each tenant is, and so does TENANCY_DATABASE_URL. Unset that.',
    );
  }
  if (url !== undefined) config['connection'] = url;
  requireParts(
    config,
    file,
    (surroundings.needs ?? ['connection', 'migrations']).filter((need) => !(isEach && need === 'connection')),
  );
  if (file?.endsWith('.json') && config['targets'] !== undefined) {
    config['targets'] = await jsonTargets(file, config['targets'], config['connection'] as string | ClientConfig);
  }
  return config as TenancyConfig;
}

function fileOf({ cwd, file }: Surroundings): string | null {
  if (file !== undefined) return resolve(cwd, file);
  const [first = null, ...others] = findConfig(cwd);
  if (others.length === 0) return first;
  throw new CliError(
    'config_wrong',
    `${[first, ...others].join(' and ')} are both there. Remove one, or name the one that is meant with --config.`,
  );
}

function requireParts(config: Readonly<Record<string, unknown>>, file: string | null, needs: readonly Need[]): void {
  const where =
    file === null
      ? `there is no ${CONFIG_FILES[0]} (or ${CONFIG_FILES.slice(1)
          .map((name) => name.replace('tenancy.config', ''))
          .join(', ')}) in this folder or above it`
      : `${file} does not say it`;
  if (needs.includes('connection') && config['connection'] === undefined) {
    throw new CliError(
      'config_not_found',
      `it is unknown where the database is: ${where}, and TENANCY_DATABASE_URL is not set. Write \`connection\`, or set that.`,
    );
  }
  if (needs.includes('migrations') && config['directory'] === undefined && config['migrations'] === undefined) {
    throw new CliError(
      'config_not_found',
      `it is unknown where the migrations are: ${where}, and TENANCY_MIGRATIONS is not set. Write \`directory\`, or set that.`,
    );
  }
}
