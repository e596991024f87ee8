import { PrismaPg } from '@prisma/adapter-pg';
import { TenantContext } from '@tenancy/core';
import { describe, expect, it } from 'vitest';
import { type TenancySchema, tenantScoped } from '../src/index.js';
import { readSchema } from '../src/schema/read-schema.js';
import { schemaOf } from '../src/schema/schema-of.js';
import { PrismaClient as OtherClient } from './generated/client.js';
import { PrismaClient } from './oracle/generated/postgresql/client.js';
import { tenancySchema } from './oracle/generated/postgresql/tenancy.js';
import { tenancySchema as sqliteSchema } from './oracle/generated/sqlite/tenancy.js';

// Nothing connects before the first query.
const adapter = new PrismaPg({ connectionString: 'postgres://127.0.0.1:1/none' });
const client = new PrismaClient({ adapter });
const options = { context: new TenantContext(), shared: ['Country'] };
const stale = expect.objectContaining({
  code: 'scope_misconfigured',
  message: expect.stringContaining('prisma generate'),
});

describe('the generator `tenancy-prisma`', () => {
  it('describes the schema as the client carries it in itself: relations, lists, keys, actions', () => {
    const generated = schemaOf(client, tenancySchema);
    expect(generated).toEqual(readSchema(client));
    expect(generated.models.get('Candidate')?.fields.find(({ name }) => name === 'job')?.relation).toEqual({
      name: 'CandidateToJob',
      fields: ['jobId'],
      references: ['id'],
      onDelete: 'Cascade',
      onUpdate: 'Cascade',
    });
    expect(Object.keys(tenantScoped(client, { ...options, schema: tenancySchema }))).toHaveLength(7);
  });

  const { Note: _, ...withoutNote } = tenancySchema.models;
  const wrong: [string, unknown][] = [
    ['of another schema', { ...tenancySchema, hash: 'another' }],
    ['of another database', sqliteSchema],
    ['of another version of the package', { ...tenancySchema, version: 1 }],
    ['that misses a model', { ...tenancySchema, models: withoutNote }],
    ['with a changed field', { ...tenancySchema, models: { ...tenancySchema.models, Note: tenancySchema.models.Tag } }],
    ['that is no such thing', {}],
    ['that is null', null],
  ];
  it.each(wrong)('metadata %s is refused at construction', (_name, schema) => {
    expect(() => tenantScoped(client, { ...options, schema: schema as TenancySchema })).toThrow(stale);
  });

  it('metadata is refused for a client of another schema', () => {
    expect(() => tenantScoped(new OtherClient({ adapter }), { ...options, schema: tenancySchema })).toThrow(stale);
  });
});
