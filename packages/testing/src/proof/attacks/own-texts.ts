import { isTelling } from '../../canaries/telling.js';
import type { Position } from '../target/positions.js';
import type { Target } from '../target/target.js';

/** Texts of a body that have the name of a column of planted rows: values that must not be unique over all tenants. */
export function texts(target: Target): readonly { readonly at: Position; readonly column: string }[] {
  const planted = target.harness.planted(target.other);
  const body = target.transport.requestFor(target.harness.planted(target.own), target.own)?.body;
  if (typeof body !== 'object' || body === null) return [];
  return Object.entries(body).flatMap(([field, value]) => {
    if (typeof value !== 'string' || /id$/i.test(field)) return [];
    const names = Object.keys(planted).filter((each) => isOwn([planted[each]].flat()[0]?.[field]));
    return names.map((name) => ({ at: ['body', field], column: `${name}.${field}` }));
  });
}

/** A word of an enumeration is everybody's. */
function isOwn(value: unknown): boolean {
  return typeof value === 'string' && isTelling(value);
}
