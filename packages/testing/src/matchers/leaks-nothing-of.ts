import type { Tenant } from '@tenancy/core';
import { findCanaries } from '../canaries/find-canaries.js';
import { findInAnswer } from '../canaries/find-in-answer.js';
import { knownCanaries } from '../canaries/known-canaries.js';
import { showDifferences } from './difference.js';
import { checkArrived, seenOf } from './response.js';
import type { Verdict } from './verdict.js';

/**
 * Passes when nothing in `value` is known to be `tenant`'s: its id, its slug, and what was planted for it through a harness
 * or with `plantCanaries`. A response is looked through with its headers; anything else as it is.
 *
 * @throws TypeError when nothing was planted for the tenant, because then nothing could be found.
 * @example
 * ```ts
 * import { leaksNothingOf, plantCanaries } from '@tenancy/testing';
 *
 * const globex = { id: 't_globex', slug: 'globex' };
 * plantCanaries(globex, { job: { title: 'Reactor technician' } });
 * const { pass } = leaksNothingOf([{ title: 'Reactor technician' }], globex); // false
 * ```
 */
export function leaksNothingOf(value: unknown, tenant: Tenant): Verdict {
  checkArrived('toLeakNothingOf', value);
  checkTenant('toLeakNothingOf', tenant);
  const canaries = knownCanaries(tenant);
  if (!canaries.some(({ what }) => !what.startsWith('tenant.'))) {
    throw new TypeError(
      `toLeakNothingOf: nothing is planted for ${tenant.slug}, so nothing of it could be found. Plant rows through ` +
        'createIsolationHarness, or tell what is its own with `plantCanaries(tenant, { job: { id, title } })`.',
    );
  }
  const seen = seenOf(value);
  const sightings = seen ? findInAnswer(seen, canaries) : findCanaries(value, canaries);
  const count = sightings.length === 1 ? 'one of its values' : `${sightings.length} of its values`;
  const differences = sightings.map(({ canary, path, excerpt }) => ({
    path,
    expected: `nothing of ${tenant.slug}`,
    found: `${excerpt}   (${canary.what} of ${tenant.slug}: ${canary.value})`,
  }));
  return {
    pass: sightings.length === 0,
    message: () =>
      sightings.length === 0
        ? `Expected something of ${tenant.slug}, and found none of its ${canaries.length} known values.`
        : `Expected nothing of ${tenant.slug}, and found ${count}.\n\n${showDifferences(differences)}`,
  };
}

/** @throws TypeError for what is not a tenant: it has no values, and so it would never leak. */
export function checkTenant(matcher: string, tenant: Tenant): void {
  if (typeof tenant?.id !== 'string' || tenant.id === '' || typeof tenant.slug !== 'string') {
    throw new TypeError(`${matcher} needs a tenant, \`{ id, slug }\`: \`expect(rows).${matcher}(acme)\`.`);
  }
}
