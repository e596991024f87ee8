import { describe, expect, inject, it } from 'vitest';
import { forAllTests } from '../database/for-all-tests.js';
import { openProvisionDatabase } from '../tenants/provision-database.js';
import { attackTexts } from './attack-texts.js';
import { drawn } from './spellings.js';
import { isRefused, prepareVictim, sessionAfter, struckSeeds } from './struck-seed.js';

/** @param count - of texts that go for rows, and of those that go for the session */
export function seedCases(count: { readonly rows: number; readonly session: number }): void {
  describe('attacking texts in the seed of provisionTenant', () => {
    const database = forAllTests(async () => {
      const opened = await openProvisionDatabase({ url: inject('postgresUrl') });
      await prepareVictim(opened);
      return opened;
    });
    const texts = () => attackTexts({ tenant: 'globex', own: 'OWN TENANT', role: database.role });

    it('reach nobody, by whichever door of the driver', async () => {
      const all = texts().filter(({ aim }) => aim !== 'session');
      expect(all.length).toBeGreaterThan(900);
      const struck = await struckSeeds(database, drawn(all, count.rows, 7));
      expect(struck.filter(({ harm }) => harm !== 'none')).toEqual([]);
      // PostgreSQL itself refuses some; whatever goes for the tenant or the role and runs would be another kind of them.
      const aimed = struck.filter(({ aim }) => aim === 'tenant' || aim === 'role');
      expect(aimed.length).toBeGreaterThan(count.rows / 4);
      expect(aimed.filter((one) => !isRefused(one))).toEqual([]);
    });

    it('leave the session to whoever enters the tenant as it is without them', async () => {
      const usual = await sessionAfter(database, 'select 1');
      expect(usual).toMatchObject({ tenant: true, temporary: 0 });
      const all = texts().filter(({ aim }) => aim === 'session' || aim === 'path');
      for (const { text } of drawn(all, count.session, 1)) {
        const after = await sessionAfter(database, text.replaceAll('OWN TENANT', 'none'));
        expect([text, after]).toEqual([text, typeof after === 'string' ? expect.any(String) : usual]);
      }
    });
  });
}
