import { afterAll, beforeAll, expect } from 'vitest';
import type { ImportTenantOptions, PlaceKind } from '../../src/tenants.js';
import { ArchiveFixture } from './archive-fixture.js';

/** Imports that are refused, of archives of `acme` beside `globex`, and what there was before them. */
export class ArchiveRefusals {
  fixture!: ArchiveFixture;
  /** The archive of `acme` as it was exported. */
  file!: string;
  #before: readonly string[] = [];

  /** The fixture of a suite, which it starts and stops. */
  static forAllTests(): ArchiveRefusals {
    const refusals = new ArchiveRefusals();
    beforeAll(async () => {
      const fixture = await ArchiveFixture.start();
      refusals.fixture = fixture;
      await fixture.tenant('acme');
      await fixture.tenant('globex');
      refusals.file = await fixture.archive('acme');
      await refusals.look();
    }, 60_000);
    afterAll(() => refusals.fixture.stop());
    return refusals;
  }

  /** Takes what is there now for what is to stay. */
  async look(): Promise<void> {
    this.#before = await this.fixture.traces();
  }

  /** The message of a refused import, which has left nothing and changed nothing. */
  async of(file: string, kind: PlaceKind = 'rows', more: Partial<ImportTenantOptions> = {}): Promise<string> {
    const said = await this.fixture.import(file, 'other', kind, 'main', more).then(
      () => 'it was imported',
      (thrown: Error) => thrown.message,
    );
    expect(await this.fixture.traces()).toEqual(this.#before);
    return said;
  }
}
