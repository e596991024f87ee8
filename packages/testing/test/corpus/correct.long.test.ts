import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applications } from './correct/applications.js';
import { Databases } from './correct/running.js';

let databases: Databases;
beforeAll(async () => {
  databases = await Databases.create();
});
afterAll(() => databases[Symbol.asyncDispose]());

/** `pnpm detection correct` proves them, which takes long; here they are called by hand. */
describe.each(Object.entries(applications))('%s', (_about, ofThem) => {
  it.each(ofThem)('answers its own: $name', (application) =>
    databases.running(application, async (harness) => {
      for (const tenant of harness.tenants) {
        const answers = await Promise.all(await application.works(harness.as(tenant), harness.planted(tenant)));
        const failed = answers.filter(
          ({ status, body }) => status >= 400 || (body as { errors?: unknown } | null)?.errors,
        );
        expect(
          failed.map(({ request, status, text }) => `${request.method} ${request.url}: ${status} ${text}`),
        ).toEqual([]);
        expect(answers).not.toEqual([]);
      }
    }),
  );
});
