import type { ClientBase } from 'pg';
import type { TenantPlace } from '../../isolation/tenant-place.js';

/** A tenant that is to be. */
export interface NewTenant<Settings = Readonly<Record<string, unknown>>> {
  readonly slug: string;
  /** @defaultValue a random one, such as `t_0c4v9…` */
  readonly id?: string;
  /** @defaultValue the slug */
  readonly name?: string;
  /** @defaultValue none */
  readonly plan?: string | null;
  /** @defaultValue `{}` */
  readonly settings?: Settings;
  /** @defaultValue that of the directory */
  readonly place?: TenantPlace;
  /** @defaultValue `'active'` */
  readonly status?: 'provisioning' | 'active';
}

/** A caller's own transaction, in which a change is made. */
export interface InTransaction {
  /** @defaultValue a transaction of its own */
  readonly on?: ClientBase;
}
