/** Q17: a `:` would count among the parts that BullMQ takes for those of a legacy repeatable job. No base64url has this. */
const SEPARATOR = '~';

let latest = { tenantId: '', prefix: '' };

/** Asked for several ids of one job in a row. */
function prefixOf(tenantId: string): string {
  if (latest.tenantId !== tenantId) {
    latest = { tenantId, prefix: `${Buffer.from(tenantId).toString('base64url')}${SEPARATOR}` };
  }
  return latest.prefix;
}

/** BullMQ names each run of a job scheduler `repeat:<scheduler>:<milliseconds>`. */
const RUN = 'repeat:';

/** Q5: the id of a job, a deduplication or a scheduler as it is stored: one name of two tenants is two ids. */
export const ownId = (tenantId: string, given: string): string => `${prefixOf(tenantId)}${given}`;

/** Q18: an id as the application gave it, from the one that is stored. What BullMQ has made stays as it is. */
export function givenId<I>(tenantId: string | null, stored: I): I {
  if (tenantId === null || typeof stored !== 'string') return stored;
  const prefix = prefixOf(tenantId);
  if (stored.startsWith(prefix)) return stored.slice(prefix.length) as I;
  return (stored.startsWith(`${RUN}${prefix}`) ? `${RUN}${stored.slice(RUN.length + prefix.length)}` : stored) as I;
}

/** The same for the key of a job: `bull:mails:<id>`. */
export function givenKey<K>(tenantId: string | null, key: K): K {
  if (tenantId === null || typeof key !== 'string') return key;
  return key.replace(`:${prefixOf(tenantId)}`, ':') as K;
}

/** A text of BullMQ's that names stored ids, with the given ones. */
export function givenText<T>(tenantId: string | null, text: T): T {
  if (tenantId === null || typeof text !== 'string') return text;
  const prefix = prefixOf(tenantId);
  if (!text.includes(prefix)) return text;
  return text.replaceAll(/(?<![\w-])([\w-]+~)/g, (found) => (found === prefix ? '' : found)) as T;
}

/** The ids that one of an application may be stored as: its own, a run of its scheduler, or one that was made for it. */
export function storedIds(tenantId: string, given: string): string[] {
  const own = ownId(tenantId, given);
  if (!given.startsWith(RUN)) return [own, given];
  return [own, `${RUN}${ownId(tenantId, given.slice(RUN.length))}`, given];
}

/**
 * BullMQ's own rules for a custom id, which the prefix would hide from it.
 *
 * @throws what BullMQ throws.
 */
export function checkGivenId(given: string): void {
  if (given === '0' || given.startsWith('0:')) throw new Error("JobId cannot be '0' or start with 0:");
  if (`${Number.parseInt(given, 10)}` === given) throw new Error('Custom Id cannot be integers');
}
