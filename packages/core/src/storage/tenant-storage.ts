import { Injectable } from '@nestjs/common';
import { TenantContext } from '../context/tenant-context.js';
import { TenancyConfigurationError } from '../errors/configuration-error.js';
import { folderOf } from './file-key.js';
import type { FileStore } from './file-store.js';
import { Files } from './files.js';

const context = new TenantContext();

/**
 * The files of the tenant of the work in hand: two tenants' `logo.png` are two files, and no key leads to another's. Outside of every
 * tenant each operation is refused with `tenant_context_missing`.
 *
 * @example
 * ```ts
 * import { Inject, Injectable } from '@nestjs/common';
 * import { TenantStorage } from '@tenancy/core/storage';
 *
 * @Injectable()
 * export class Logos {
 *   constructor(@Inject(TenantStorage) private readonly files: TenantStorage) {}
 *
 *   async replace(image: Buffer): Promise<string> {
 *     await this.files.put('logo.png', image, { contentType: 'image/png' });
 *     return this.files.signedUrl('logo.png', { expiresIn: 3_600 });
 *   }
 * }
 * ```
 */
@Injectable()
export class TenantStorage extends Files {
  readonly #store: FileStore;

  /** @throws `tenancy_misconfigured` without a store. */
  constructor(store: FileStore) {
    if (typeof store?.put !== 'function' || typeof store.list !== 'function') {
      throw new TenancyConfigurationError(
        'TenantStorage.store',
        'is no store',
        "Pass `diskStore({ root: '/var/lib/app' })` or `s3Store({ client, bucket })`.",
      );
    }
    super(store, () => folderOf('t', context.tenantId));
    this.#store = store;
  }

  /**
   * The files of this name, which have nothing in common with any tenant's: one place for all tenants, and usable without one.
   *
   * @throws `tenancy_misconfigured` without a name.
   */
  shared(name: string): Files {
    if (typeof name !== 'string' || name === '' || !name.isWellFormed()) {
      throw new TenancyConfigurationError(
        'TenantStorage.shared',
        'is given no name',
        "Name it: `shared('templates')`.",
      );
    }
    return new Files(this.#store, () => folderOf('s', name));
  }
}
