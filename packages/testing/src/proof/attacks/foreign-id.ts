import type { TenantRows } from '../../canaries/planted.js';
import type { HttpRequest } from '../../http-request.js';
import { additions } from '../inputs/additions.js';
import { differences, nameOf, replaced, valueAt } from '../target/positions.js';
import { underIdsOf } from '../target/read-rows.js';
import { rowChanges } from '../target/row-changes.js';
import type { Attempt, Target } from '../target/target.js';
import { type Attack, type Finding, leakOf, notApplicable, proven } from './attack.js';
import { foreignFolder } from './foreign-folder.js';

/** The other's ids, one by one and all at once. */
export const foreignId: Attack = {
  name: 'foreign-id',
  run: async (target) => {
    if (target.transport.isClock) return notApplicable('A clock takes no rows.');
    if (!target.transport.requestFor(target.harness.planted(target.own), target.own)) return byRows(target);
    const places = idsIn(target);
    if (places.length === 0) return (await beside(target)) ?? notApplicable('Its request names no rows.');
    const before = target.changesRows ? undefined : await target.harness.rowsOf?.(target.other);
    let last: Attempt | undefined;
    const tried = places.length > 1 ? [...places.map((place) => [place]), places] : [places];
    for (const some of tried) {
      last = await foreignly(target, some);
      const names = some.map(({ at }) => nameOf(at)).join(' and ');
      const leak = leakOf(last, target, `With the other's value for ${names}`);
      if (leak) return leak;
    }
    // Its refusal may show the row as it is.
    const stale = await foreignly(target, places, STALE);
    const shown = leakOf(stale, target, "With the other's ids and a precondition that fails");
    if (shown) return shown;
    return (
      (await beside(target)) ??
      (await written(target, before, last)) ??
      proven(`Tried for ${places.map(({ at }) => nameOf(at)).join(', ')}.`)
    );
  },
};

/** The other's ids beside the own ones: behind them in a list or a form, and as the id of what is to be saved. */
async function beside(target: Target): Promise<Finding | null> {
  for (const { name, change } of additions(target)) {
    const attempt = await target.attempt(await target.asItself(target.own, { change }));
    const leak = leakOf(attempt, target, `With ${name}`);
    if (leak) return leak;
  }
  return target.changesRows ? foreignFolder(target) : null;
}

/** A request that should only read may write all the same: the other's rows are looked at around all of them. */
async function written(
  target: Target,
  before: TenantRows | undefined,
  last: Attempt | undefined,
): Promise<Finding | null> {
  const after = await target.harness.rowsOf?.(target.other);
  if (!before || !after || !last) return null;
  const changes = rowChanges(before, after);
  return leakOf({ ...last, changes }, target, "With the other's ids, by a request that should only read");
}

/** Calls with the other's values at these places. */
async function foreignly(
  target: Target,
  places: ReturnType<typeof idsIn>,
  headers?: Readonly<Record<string, string>>,
): Promise<Attempt> {
  const call = await target.asItself();
  const rows = await target.rowsFor(target.other);
  const foreign = target.transport.requestFor(rows, target.other) as HttpRequest;
  const change = (request: HttpRequest) => {
    const changed = replaced(
      request,
      places.map(({ at }) => [at, valueAt(foreign, at)] as const),
    );
    return headers ? { ...changed, headers: { ...changed.headers, ...headers } } : changed;
  };
  return target.attempt({ ...call, change });
}

const STALE = { 'if-match': '"stale"', 'if-unmodified-since': 'Sat, 01 Jan 2000 00:00:00 GMT' };

/** A call of the author's own takes all the rows: the own ones under the other's ids, and the other's. */
async function byRows(target: Target): Promise<Finding> {
  for (const isWhole of [false, true]) {
    const [call, theirs] = [await target.asItself(), await target.rowsFor(target.other)];
    const rows = isWhole ? theirs : underIdsOf(theirs, call.rows);
    const attempt = await target.attempt({ ...call, rows });
    const leak = leakOf(attempt, target, "With the other's rows");
    if (leak) return leak;
  }
  return proven("Called with the other's rows.");
}

/** The differences between the requests of the two, which is where they name rows. */
export function idsIn({ harness, transport, own, other }: Target) {
  const [mine, again, theirs] = [own, own, other].map((tenant) =>
    transport.requestFor(harness.planted(tenant), tenant),
  );
  if (!mine || !again || !theirs) return [];
  // What an example makes anew each time names nothing.
  const moving = new Set(differences(mine, again).map(({ at }) => nameOf(at)));
  return differences(mine, theirs).filter(({ at }) => !moving.has(nameOf(at)));
}
