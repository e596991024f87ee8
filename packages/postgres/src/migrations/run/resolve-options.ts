import type { ClientConfig } from 'pg';
import { misconfigured } from '../../errors/misconfigured.js';
import { refuseUnknown } from '../../errors/refuse-unknown.js';
import { requireOptions, said } from '../../errors/require-arguments.js';
import { requireConnectionOption } from '../../errors/require-connection.js';
import type { MigrationSource } from '../source/migration-source.js';
import { sqlFiles } from '../source/sql-files.js';
import type { MigrationTargets } from '../targets/targets.js';
import type {
  Canary,
  MigrateOptions,
  MigrationPolicies,
  MigrationProgress,
  MigrationsOptions,
} from './migrate-options.js';

/** The options, all of them there and checked. */
export interface MigrateSettings {
  readonly connection: string | ClientConfig | null;
  readonly source: MigrationSource;
  readonly targets: MigrationTargets | null;
  readonly policies: MigrationPolicies | null;
  readonly only: ReadonlySet<string> | null;
  readonly onlyFailed: boolean;
  readonly acceptEdited: ReadonlySet<string>;
  readonly workers: number;
  readonly batch: number;
  readonly canary: Canary | null;
  readonly maxFailures: number;
  readonly lockTimeoutMillis: number;
  readonly lockPatienceMillis: number;
  readonly busyTimeoutMillis: number;
  readonly dryRun: boolean;
  readonly onProgress: (event: MigrationProgress) => void;
  readonly signal: AbortSignal | null;
}

/** Databases that are asked at once: the wait for one is the others' turn. */
export const TARGETS_AT_ONCE = 16;

const SHARED = ['connection', 'directory', 'migrations', 'targets'];

const OWN = [
  ...[
    'policies',
    'tenants',
    'onlyFailed',
    'acceptEdited',
    'workers',
    'batch',
    'canary',
    'maxFailures',
    'lockTimeoutMillis',
    'lockPatienceMillis',
  ],
  ...['busyTimeoutMillis', 'dryRun', 'onProgress', 'signal'],
];

/** @throws `floor_misconfigured` for an option that is wrong or unknown, and where there are no targets. */
export function resolveTargets(
  place: string,
  options: Pick<MigrationsOptions, 'connection' | 'targets'>,
  more: readonly string[],
): { readonly connection: string | ClientConfig | null; readonly targets: MigrationTargets } {
  requireOptions(place, options, 'targets');
  refuseUnknown(place, options, ['connection', 'targets', ...more]);
  const { connection, targets } = placed(place, options);
  if (targets === null) {
    throw misconfigured(
      `${place}: there are no \`targets\`, so there is nothing to compare. Pass those of \`eachSchema\` or \`eachDatabase\`.`,
    );
  }
  return { connection, targets };
}

/** @throws `floor_misconfigured` for an option that is wrong or unknown, and where nothing says which database is meant. */
export function resolveMigrations(
  place: string,
  options: MigrationsOptions,
  more: readonly string[] = [],
): Pick<MigrateSettings, 'connection' | 'source' | 'targets'> {
  requireOptions(place, options, 'connection');
  refuseUnknown(place, options, [...SHARED, ...more]);
  return { ...placed(place, options), source: sourceOf(place, options) };
}

function placed(
  place: string,
  { connection, targets }: Pick<MigrationsOptions, 'connection' | 'targets'>,
): Pick<MigrateSettings, 'connection' | 'targets'> {
  if (targets !== undefined && !['schemas', 'databases'].includes((targets as { kind?: string } | null)?.kind ?? '')) {
    throw misconfigured(
      `${place}: the option \`targets\` is ${said(targets)}. Make it with \`eachSchema\` or \`eachDatabase\`.`,
    );
  }
  if (targets?.kind === 'databases') {
    if (connection !== undefined) {
      throw misconfigured(
        `${place}: \`eachDatabase\` says where each database is, and so does the option \`connection\`. Leave that out.`,
      );
    }
  } else {
    requireConnectionOption(place, 'connection', connection);
  }
  return { connection: connection ?? null, targets: targets ?? null };
}

export function resolveMigrateOptions(options: MigrateOptions): MigrateSettings {
  const resolved = resolveMigrations('migrate', options, OWN);
  const isMany = resolved.targets !== null;
  const {
    policies,
    tenants,
    onlyFailed = false,
    acceptEdited = [],
    canary,
    dryRun = false,
    onProgress = () => {},
    signal,
  } = options;
  const {
    workers = resolved.targets?.kind === 'databases' ? TARGETS_AT_ONCE : 4,
    batch = 1,
    maxFailures = 0.05,
  } = options;
  const { lockTimeoutMillis = 100, lockPatienceMillis = 60_000, busyTimeoutMillis = 600_000 } = options;
  within('workers', workers, 1, 1_000);
  within('batch', batch, 1, 10);
  within('maxFailures', maxFailures, 0, 1, false);
  within('lockTimeoutMillis', lockTimeoutMillis, 1, 2 ** 31 - 1);
  within('lockPatienceMillis', lockPatienceMillis, 0, 2 ** 31 - 1);
  within('busyTimeoutMillis', busyTimeoutMillis, 0, 2 ** 31 - 1);
  for (const [option, value] of Object.entries({ tenants, canary, onlyFailed: onlyFailed || undefined })) {
    if (value !== undefined && !isMany) {
      throw misconfigured(
        `migrate: the option \`${option}\` is about tenants, and there are no \`targets\`. Leave it out.`,
      );
    }
  }
  for (const [option, value] of Object.entries({ tenants, acceptEdited })) {
    if (value !== undefined && !isListOfTexts(value)) {
      throw misconfigured(`migrate: the option \`${option}\` is ${said(value)}. Pass a list of texts.`);
    }
  }
  for (const [option, value] of Object.entries({ onlyFailed, dryRun })) {
    if (typeof value !== 'boolean')
      throw misconfigured(`migrate: the option \`${option}\` is ${said(value)}. Use true or false.`);
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw misconfigured(`migrate: the option \`signal\` is ${said(signal)}. Pass the signal of an AbortController.`);
  }
  if (canary !== undefined) {
    requireOptions('migrate: the option `canary`', canary, 'tenants');
    const { tenants: first, pauseMillis = 0 } = canary;
    if (typeof first === 'number' || !isListOfTexts(first)) within('canary.tenants', first, 1, Number.MAX_SAFE_INTEGER);
    within('canary.pauseMillis', pauseMillis, 0, 2 ** 31 - 1);
    refuseUnknown('migrate: the option `canary`', canary, ['tenants', 'pauseMillis', 'confirm']);
  }
  for (const [option, value] of Object.entries({ onProgress, 'canary.confirm': canary?.confirm ?? (() => true) })) {
    if (typeof value !== 'function')
      throw misconfigured(`migrate: the option \`${option}\` is ${said(value)}. Pass a function.`);
  }
  return {
    ...resolved,
    policies: policies ?? null,
    only: tenants === undefined ? null : new Set(tenants),
    acceptEdited: new Set(acceptEdited),
    ...{ onlyFailed, workers, batch, canary: canary ?? null, maxFailures },
    ...{ lockTimeoutMillis, lockPatienceMillis, busyTimeoutMillis, dryRun, onProgress, signal: signal ?? null },
  };
}

function sourceOf(place: string, { directory, migrations }: MigrationsOptions): MigrationSource {
  if (migrations !== undefined) {
    if (directory !== undefined)
      throw misconfigured(`${place}: \`directory\` and \`migrations\` both say what is to run. Leave one of them out.`);
    if (typeof migrations?.read === 'function') return migrations;
    throw misconfigured(
      `${place}: the option \`migrations\` is ${said(migrations)}, which has no \`read\`. Pass a source of migrations.`,
    );
  }
  if (
    (typeof directory === 'string' && directory !== '') ||
    (directory instanceof URL && directory.protocol === 'file:')
  ) {
    return sqlFiles(directory);
  }
  throw misconfigured(
    `${place}: the option \`directory\` is none that names a directory. ` +
      'Pass the path or the `file:` URL of the one that holds the `*.sql` files.',
  );
}

function within(option: string, value: unknown, least: number, most: number, isWhole = true): void {
  if (typeof value === 'number' && value >= least && value <= most && (!isWhole || Number.isInteger(value))) return;
  throw misconfigured(
    `migrate: the option \`${option}\` is ${said(value)}. Use a ${isWhole ? 'whole ' : ''}number from ${least} to ${most}, or leave it out.`,
  );
}

function isListOfTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string');
}
