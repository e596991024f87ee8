import type { Tenant } from '@tenancy/core';
import fc from 'fast-check';
import type { SchemaField, SchemaModel } from '../../src/schema/schema.js';
import { initialRows, tenants } from './rows.js';

const rows = initialRows();

/** Parts of a tenant's operation: its own values, others', and some that are nowhere. */
export interface Values {
  readonly tenant: Tenant;
  of(model: SchemaModel, field: SchemaField): fc.Arbitrary<unknown>;
  /** The id of a row, mostly its own. */
  id(model: SchemaModel): fc.Arbitrary<string>;
  newId(model: SchemaModel): fc.Arbitrary<string>;
  tenantId(): fc.Arbitrary<string>;
}

export const keyOf = ({ name }: { readonly name: string }) => (name === 'Country' ? 'code' : 'id');

export function valuesOf(tenant: Tenant): Values {
  const idsOf = (name: string, of: 'own' | 'others') =>
    (rows[name] ?? [])
      .filter((row) => name === 'Country' || (row['tenantId'] === tenant.id) === (of === 'own'))
      .map((row) => String(row[name === 'Country' ? 'code' : 'id']));
  const anyOf = (values: readonly string[]) => fc.constantFrom(...(values.length > 0 ? values : ['nobody']));
  const id = ({ name }: SchemaModel) =>
    fc.oneof(
      { weight: 8, arbitrary: anyOf(idsOf(name, 'own')) },
      { weight: 2, arbitrary: anyOf(idsOf(name, 'others')) },
      { weight: 1, arbitrary: fc.constant('nobody') },
    );
  const newId = ({ name }: SchemaModel) =>
    fc.oneof(
      {
        weight: 6,
        arbitrary: fc.integer({ min: 1, max: 4 }).map((n) => `${tenant.slug}-${name.toLowerCase()}-new-${n}`),
      },
      { weight: 1, arbitrary: anyOf([...idsOf(name, 'own'), ...idsOf(name, 'others')]) },
    );
  const texts = (name: string, field: string) => {
    const known = (rows[name] ?? []).map((row) => row[field]).filter((value) => typeof value === 'string');
    return fc.constantFrom('text', ...(known as string[]));
  };
  const tenantId = () =>
    fc.oneof(
      { weight: 4, arbitrary: fc.constant(tenant.id) },
      { weight: 1, arbitrary: fc.constantFrom(...tenants.map((each) => each.id)) },
    );
  return {
    tenant,
    id,
    newId,
    tenantId,
    of: (model, field) => {
      if (field.name === 'tenantId') return tenantId();
      const holder = model.fields.find(
        ({ relation }) => relation?.fields.includes(field.name) && field.name !== 'tenantId',
      );
      if (field.name === keyOf(model)) return id(model);
      if (holder) return id({ name: holder.type, fields: [], keys: [] });
      if (field.type === 'Int') return fc.constantFrom(0, 1, 2, 100, 200);
      if (field.type === 'Boolean') return fc.boolean();
      return texts(model.name, field.name);
    },
  };
}
