import { TenancyConfigurationError } from './errors/configuration-error.js';

const NAME = /^[a-z_][a-z0-9_]{0,62}(?:\.[a-z_][a-z0-9_]{0,62})?$/;

/**
 * The same name of a table, checked: it is written into SQL as it is.
 *
 * @param option - the one that has it, for the error
 * @throws `tenancy_misconfigured` for a name that would need quotes.
 */
export function tableName(option: string, name: unknown): string {
  if (typeof name === 'string' && NAME.test(name)) return name;
  throw new TenancyConfigurationError(
    option,
    'is no name of a table in lower case',
    'Use lower case letters, digits and underscores, after a schema and a dot if it needs one.',
  );
}
