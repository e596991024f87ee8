import { droppedNames, isSame, type Step } from '../schema/step.js';
import { text } from '../sql/nodes.js';
import type { Place } from './rule.js';

/** The steps of the file behind this one that are about its table, or another one, whatever that is called by then. */
export function* laterSteps({ step, file }: Pick<Place, 'step' | 'file'>, relation = step.relation): Generator<Step> {
  let name = relation;
  for (const later of name ? file.steps.slice(file.steps.indexOf(step) + 1) : []) {
    const about = later.objectType === TABLE && later.kind === 'DropStmt' ? droppedNames(later.tree) : [later.relation];
    if (!about.some((each) => each && name && isSame(each, name))) continue;
    yield later;
    if (later.kind === 'RenameStmt' && later.objectType === TABLE)
      name = { ...name, name: text(later.tree, 'newname') ?? '' };
  }
}

const TABLE = 'OBJECT_TABLE';

/** True for the step that drops the table. */
export function isDropOfTable({ kind, objectType }: Step): boolean {
  return kind === 'DropStmt' && objectType === TABLE;
}

/** True where a later step of the same transaction is of the kind: nobody sees the state in between. */
export function isMadeGood(place: Pick<Place, 'step' | 'file'>, kind: string): boolean {
  return [...laterSteps(place)].some(
    (later) => later.kind === kind && later.moment.transaction === place.step.moment.transaction,
  );
}
