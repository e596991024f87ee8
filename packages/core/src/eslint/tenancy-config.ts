import { unknownOption } from '../errors/known-options.js';
import { misconfigured } from '../errors/misconfigured.js';
import { noAdminImport } from './no-admin-import.js';
import { noRawClient } from './no-raw-client.js';

/** Options of {@link tenancyConfig}. */
export interface TenancyConfigOptions {
  /** Globs of the source files the rules are for. @defaultValue every TypeScript and JavaScript file */
  readonly files?: readonly string[] | undefined;
  /** The one place, as globs, that may break out of the tenant. @defaultValue `['src/admin/**']` */
  readonly adminFolder?: readonly string[] | undefined;
}

/**
 * A flat ESLint configuration that forbids the admin clients outside one folder, and raw database clients too.
 *
 * @example
 * ```ts
 * // eslint.config.js
 * import { tenancyConfig } from '@tenancy/core/eslint';
 *
 * export default [tenancyConfig({ adminFolder: ['src/admin/**'] })];
 * ```
 */
export function tenancyConfig(options: TenancyConfigOptions = {}) {
  if (typeof options !== 'object' || options === null) {
    throw misconfigured(
      'tenancyConfig',
      'is given no options',
      "Pass for example `{ adminFolder: ['src/admin/**'] }`, or nothing.",
    );
  }
  const unknown = unknownOption('tenancyConfig', options, ['files', 'adminFolder']);
  if (unknown) throw misconfigured(...unknown);
  const { files = ['**/*.{ts,tsx,mts,cts,js,mjs,cjs}'], adminFolder = ['src/admin/**'] } = options;
  for (const [option, globs] of Object.entries({ files, adminFolder })) {
    // A text would be taken apart into its letters.
    if (Array.isArray(globs) && globs.every((glob) => typeof glob === 'string' && glob !== '')) continue;
    throw misconfigured(`tenancyConfig.${option}`, 'is not a list of globs', "Pass for example ['src/admin/**'].");
  }
  return {
    name: '@tenancy/core',
    files: [...files],
    ignores: [...adminFolder],
    plugins: { tenancy: { rules: { 'no-admin-import': noAdminImport, 'no-raw-client': noRawClient } } },
    rules: { 'tenancy/no-admin-import': 'error', 'tenancy/no-raw-client': 'error' } as const,
  };
}
