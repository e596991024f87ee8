import type { TenantRows } from '../../canaries/planted.js';
import type { HttpRequest } from '../../http-request.js';
import { differences, nameOf, replaced } from '../positions.js';
import { rowChanges } from '../row-changes.js';
import type { Attempt, Site } from '../site.js';
import { type Attack, type Finding, leakOf, notApplicable, proven } from './attack.js';

/** The other’s ids, one by one and all at once. */
export const foreignId: Attack = {
  name: 'foreign-id',
  run: async (site) => {
    if (!site.approach.requestFor(site.harness.planted(site.own), site.own)) return byRows(site);
    const places = idsIn(site);
    if (places.length === 0) return notApplicable('Its request names no rows.');
    const before = site.changesRows ? undefined : await site.harness.rowsOf?.(site.other);
    let last: Attempt | undefined;
    const tried = places.length > 1 ? [...places.map((place) => [place]), places] : [places];
    for (const some of tried) {
      const call = await site.asItself();
      const rows = await site.rowsFor(site.other);
      const foreign = site.approach.requestFor(rows, site.other) as HttpRequest;
      const change = (request: HttpRequest) =>
        replaced(
          request,
          some.map(({ at }) => [at, valueAt(foreign, at)] as const),
        );
      const attempt = await site.attempt({ ...call, change });
      const leak = leakOf(
        attempt,
        site,
        `With the other’s value for ${some.map(({ at }) => nameOf(at)).join(' and ')}`,
      );
      if (leak) return leak;
      last = attempt;
    }
    return (await written(site, before, last)) ?? proven(`Tried for ${places.map(({ at }) => nameOf(at)).join(', ')}.`);
  },
};

/** A request that should only read may write all the same: the other’s rows are looked at around all of them. */
async function written(site: Site, before: TenantRows | undefined, last: Attempt | undefined): Promise<Finding | null> {
  const after = await site.harness.rowsOf?.(site.other);
  if (!before || !after || !last) return null;
  const changes = rowChanges(before, after);
  return leakOf({ ...last, changes }, site, 'With the other’s ids, by a request that should only read');
}

/** A call of the author’s own takes all the rows, so it is given the other’s. */
async function byRows(site: Site): Promise<Finding> {
  const [call, rows] = [await site.asItself(), await site.rowsFor(site.other)];
  const attempt = await site.attempt({ ...call, rows });
  return leakOf(attempt, site, 'With the other’s rows') ?? proven('Called with the other’s rows.');
}

/** The differences between the requests of the two, which is where they name rows. */
export function idsIn({ harness, approach, own, other }: Site) {
  const [mine, again, theirs] = [own, own, other].map((tenant) => approach.requestFor(harness.planted(tenant), tenant));
  if (!mine || !again || !theirs) return [];
  // What an example makes anew each time names nothing.
  const moving = new Set(differences(mine, again).map(({ at }) => nameOf(at)));
  return differences(mine, theirs).filter(({ at }) => !moving.has(nameOf(at)));
}

/** The value at a place that {@link differences} found. */
export function valueAt(request: HttpRequest, [part, ...rest]: readonly (string | number)[]): unknown {
  let value: unknown = part === 'path' ? request.path.split('/') : request[part as keyof HttpRequest];
  for (const key of rest) value = (value as Record<string | number, unknown> | undefined)?.[key];
  return value;
}
