import { type ParsedStatement, parseSql } from '../../parser/parse-sql.js';
import { MigrationError } from '../outcome/migration-error.js';

/** Blanks and comments between two words. */
const GAP = String.raw`(?:\s|--[^\n]*\n|/\*(?:[^*]|\*(?!/))*\*/)+`;

/** The words up to CONCURRENTLY of a statement about an index. */
const CONCURRENTLY = new RegExp(`^((?:create(?:${GAP}unique)?|drop)${GAP}index)${GAP}concurrently\\b`, 'i');

/**
 * A statement that runs outside of transactions alone, as it is for a place in which nobody works and nothing is yet: without CONCURRENTLY
 * for an index, and not at all where it only tidies up.
 *
 * @throws MigrationError `migration_refused` for another one.
 */
export async function plainStatement(file: string, statement: ParsedStatement): Promise<ParsedStatement | null> {
  const { kind, line } = statement;
  if (kind === 'VacuumStmt' || kind === 'ReindexStmt') return null;
  const text = statement.text.replace(CONCURRENTLY, '$1');
  const [plain] = await parseSql(text);
  if (plain?.kind === kind && plain.tree['concurrent'] !== true && text !== statement.text)
    return { ...statement, text };
  throw new MigrationError(
    'migration_refused',
    `${file}, line ${line}: this runs outside of transactions alone, and a new place is made in one. Nothing was done. ` +
      'Give `tenantPlaces` a `baseline` that ends at this file or after it.',
    { migration: file },
  );
}
