import { Column, type ColumnOptions } from 'typeorm';
import type { ColumnMetadataLike } from './entity-metadata.js';

/** How the column is called and typed in the database; all else follows from what it is. */
export interface TenantColumnOptions extends Pick<ColumnOptions, 'name' | 'type' | 'length' | 'comment'> {
  /**
   * True when rows may have no tenant: see `sharedRows` of `tenantScoped`.
   * @defaultValue `false`
   */
  readonly nullable?: boolean;
}

const DECLARED = Symbol.for('@tenancy/typeorm:tenant-columns');

/** ESM and CommonJS copies may meet in one process, so they share what was declared. */
const declared = ((globalThis as { [DECLARED]?: WeakMap<object, Set<string | symbol>> })[DECLARED] ??= new WeakMap());

/**
 * Declares the column that holds the tenant's id, whatever the property is called. Rows are stamped with it; nobody else
 * writes it.
 *
 * @example
 * ```ts
 * import { TenantColumn } from '@tenancy/typeorm';
 * import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';
 *
 * @Entity()
 * class Job {
 *   @PrimaryGeneratedColumn('uuid')
 *   id!: string;
 *
 *   @TenantColumn({ name: 'company_id' })
 *   readonly companyId!: string;
 *
 *   @Column({ type: 'text' })
 *   title!: string;
 * }
 * ```
 */
export function TenantColumn(options: TenantColumnOptions = {}): PropertyDecorator {
  return (target, property) => {
    // Not `update: false`: a change would be left out in silence, where the scope refuses it.
    Column({ type: String, nullable: false, ...options })(target, property);
    const properties = declared.get(target.constructor) ?? new Set();
    declared.set(target.constructor, properties.add(property));
  };
}

/** True when it was declared with `@TenantColumn()`. */
export function isTenantColumn({ target, propertyName }: ColumnMetadataLike): boolean {
  return typeof target === 'function' && propertyName !== undefined && declared.get(target)?.has(propertyName) === true;
}
