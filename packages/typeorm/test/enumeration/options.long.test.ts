import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Company, openCompany, settings } from './company.js';
import { declaredOptions, findOperators, type OptionType } from './declared-options.js';
import type { Table } from './entries.js';
import { operatorTable, optionTables } from './option-tables.js';

/**
 * Walks what a call may have beside its method, as the installed declarations have it. An option that no table has fails by its
 * name: show in test/enumeration/tables that what it does stays within the tenant, or refuse it in src/scope.
 */
const OPERATORS = 'Operators of a where';
const tables: Readonly<Record<string, Table>> = { ...optionTables, [OPERATORS]: operatorTable };
const UNDECIDED =
  'TypeORM has an option that no table knows. Show that what it does stays within the tenant, in test/enumeration/tables, or refuse it in src/scope.';

describe.each(settings)('TypeORM $version on $database', ({ version, database }) => {
  let company: Company;
  beforeAll(async () => {
    company = await openCompany({ version, database });
    await Promise.all([company.scoped.reset(), company.bare.reset()]);
  });
  afterAll(() => company.stop());

  describe.each(Object.entries(tables))('%s', (name, table) => {
    const entries = Object.entries(table).filter(([, entry]) => (entry.version ?? version) === version);

    it('has these and no others', () => {
      const declared = name === OPERATORS ? findOperators(version) : declaredOptions(version, name as OptionType);
      expect(entries.map(([key]) => key).sort(), UNDECIDED).toEqual(declared);
    });

    const shown = entries.filter(([, entry]) => entry.prove && (entry.database ?? database) === database);
    it.each(shown)('%s', async (_key, { prove }) => {
      await prove?.(company);
    });
  });
});
