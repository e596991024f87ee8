import { createHash } from 'node:crypto';
import { isUsableTenantId } from '@tenancy/core/adapter';
import type { PlaceKind } from '../../isolation/tenant-place.js';
import { archiveRefused } from './archive-refused.js';

/** The version of the archives that are written. */
export const VERSION = 1;

/** A table of an archive. Its file is named after it, see {@link fileOf}. */
export interface ArchivedTable {
  readonly name: string;
  /** The column of the tenant, which is in no row of the file: where it is imported, the rows get the tenant that is made. */
  readonly tenantColumn: string | null;
  /** Columns of the file, in their order, with types as `format_type` names them, without a schema. */
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: number;
  /** Hash of the rows in whatever order, as `countAndHash` has it. */
  readonly hash: string;
  /** Length and SHA-256, in hexadecimal digits, of the file. */
  readonly bytes: number;
  readonly sha256: string;
}

/** The file `manifest.json` of an archive. */
export interface ArchiveManifest {
  readonly format: 'tenancy archive';
  readonly version: number;
  /** In ISO 8601, of UTC. */
  readonly exportedAt: string;
  readonly tenant: {
    readonly id: string;
    readonly slug: string;
    readonly name: string;
    readonly plan: string | null;
    readonly settings: Readonly<Record<string, unknown>>;
  };
  /** The kind of the place that it was exported from. */
  readonly kind: PlaceKind;
  /** The version of the server, such as `18.4`. */
  readonly postgres: string;
  readonly migrations: readonly { readonly name: string; readonly checksum: string }[];
  readonly tables: readonly ArchivedTable[];
  /** The last number that was drawn from each sequence. */
  readonly sequences: readonly { readonly name: string; readonly last: string }[];
}

/** The name of a table's file. No name of a table leads out of the folder. */
export function fileOf({ name }: Pick<ArchivedTable, 'name'>): string {
  return `data/${encodeURIComponent(name)}.copy`;
}

/** The manifest as it is written. */
export function textOf(manifest: ArchiveManifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** SHA-256 of a manifest's text, in hexadecimal digits, and so of the whole archive, whose files it has the hashes of. */
export function digestOf(text: string | Buffer): string {
  return createHash('sha256').update(text).digest('hex');
}

/**
 * Reads the text of a manifest, which anybody may have written.
 *
 * @throws TenantsError `archive_refused`.
 */
export function parseManifest(text: string): ArchiveManifest {
  let value: unknown;
  try {
    value = JSON.parse(text, storable);
  } catch (cause) {
    throw archiveRefused('`manifest.json` is no JSON', { cause });
  }
  const manifest = isObject(value) ? value : {};
  if (manifest['format'] !== 'tenancy archive') throw archiveRefused('`manifest.json` is not that of an archive');
  if (manifest['version'] !== VERSION) {
    throw archiveRefused(
      `it is of the version ${JSON.stringify(manifest['version'])}, and this release reads ${VERSION}`,
    );
  }
  const wrong = Object.entries(SHAPE).find(([key, isRight]) => !isRight(manifest[key]));
  if (wrong) throw archiveRefused(`\`${wrong[0]}\` of \`manifest.json\` is not what it should be`);
  return manifest as unknown as ArchiveManifest;
}

type Check = (value: unknown) => boolean;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
/** Texts that PostgreSQL cannot store are in no manifest that was written from it. */
function storable(key: string, value: unknown): unknown {
  for (const text of [key, value]) {
    if (typeof text === 'string' && (text.includes('\0') || !text.isWellFormed()))
      throw new SyntaxError('a text is none');
  }
  return value;
}

const isText: Check = (value) => typeof value === 'string';
const isName: Check = (value) => typeof value === 'string' && value !== '' && Buffer.byteLength(value) <= 63;
const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const matches =
  (pattern: RegExp): Check =>
  (value) =>
    typeof value === 'string' && pattern.test(value);
const shaped =
  (shape: Readonly<Record<string, Check>>): Check =>
  (value) =>
    isObject(value) && Object.entries(shape).every(([key, isRight]) => isRight(value[key]));
const listed =
  (isOne: Check, key?: string): Check =>
  (value) =>
    Array.isArray(value) &&
    value.every(isOne) &&
    (key === undefined || new Set(value.map((one) => one[key])).size === value.length);

const SHAPE: Readonly<Record<string, Check>> = {
  exportedAt: isText,
  tenant: shaped({
    ...{ id: isUsableTenantId, slug: isText, name: isText },
    ...{ plan: (plan) => plan === null || isText(plan), settings: isObject },
  }),
  kind: matches(/^(?:rows|schema|database)$/),
  postgres: isText,
  migrations: listed(shaped({ name: isText, checksum: isText }), 'name'),
  tables: listed(
    shaped({
      ...{ name: isName, tenantColumn: (column) => column === null || isName(column) },
      columns: listed(shaped({ name: isName, type: isText }), 'name'),
      ...{ rows: isCount, hash: matches(/^-?\d+:-?\d+$/), bytes: isCount, sha256: matches(/^[0-9a-f]{64}$/) },
    }),
    'name',
  ),
  sequences: listed(shaped({ name: isName, last: matches(/^-?\d{1,19}$/) }), 'name'),
};
