import type { ScopedRelation } from '../schema/model.js';
import type { Call, Filter } from './call.js';
import { structure } from './structure.js';
import { NOTHING, tenantCondition } from './tenant-filters.js';

/**
 * P15: what the foreign key of rows comes to name is not known before the call, because it has other columns of theirs too. So whether the
 * tenant's rows refer to its own alone is asked when it has written, of those that have what is known.
 *
 * @param refusal where that cannot be told
 */
export function guardAstray(relation: ScopedRelation, call: Call, refusal: () => Error, known: Filter = NOTHING): void {
  const { of, to, name, key } = relation;
  const [ofHolder, ofReferred] = [tenantCondition(of, call), tenantCondition(to, call)];
  // Rows that all tenants share may well refer to another's.
  if (!ofHolder) throw refusal();
  const given = key.fields.flatMap((column): Filter[] => {
    const field = of.fields.get(column);
    return field?.kind === 'scalar' && !field.isRequired ? [structure([[column, structure([['not', null]])]])] : [];
  });
  const astray = structure([[name, structure([['isNot', ofReferred]])]]);
  call.guards.astray.push({ relation, where: structure([['AND', [ofHolder, known, ...given, astray]]]) });
}
