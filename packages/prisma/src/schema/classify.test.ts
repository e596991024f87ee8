import { describe, expect, it } from 'vitest';
import { classify } from './classify.js';
import { readSchema } from './read-schema.js';

/** The metadata a generated client carries, for a schema of one's own. */
function clientOf(text: string, models: Record<string, readonly string[]>) {
  const fields = (declared: readonly string[]) =>
    declared.map((each) => {
      const [name, type, relationName] = each.split(' ');
      return { name, type, kind: relationName ? 'object' : 'scalar', ...(relationName && { relationName }) };
    });
  return {
    _runtimeDataModel: {
      models: Object.fromEntries(
        Object.entries(models).map(([name, declared]) => [name, { fields: fields(declared) }]),
      ),
    },
    _engineConfig: { inlineSchema: text },
  };
}

const job = { Job: ['tenantId String', 'id String', 'candidates Candidate of'] };
const candidate = { Candidate: ['tenantId String', 'jobId String', 'job Job of'] };
const both = (relation: string, datasource = '') => `
  datasource db { ${datasource} }
  model Job {
    tenantId String
    id String
    candidates Candidate[]
  }
  model Candidate {
    tenantId String
    jobId String
    job Job ${relation}
  }`;

describe('P15: a foreign key is the database’s to check only when it includes the tenant on both ends', () => {
  const uncheckedRelation = (relation: string, datasource?: string) => {
    const schema = readSchema(clientOf(both(relation, datasource), { ...job, ...candidate }));
    const model = classify(schema, [], 'tenantId').find(({ name }) => name === 'Candidate');
    return model?.fields.get('jobId')?.uncheckedRelation;
  };

  it.each([
    ['@relation(fields: [tenantId, jobId], references: [tenantId, id])', null],
    ['@relation(references: [id, tenantId], fields: [jobId, tenantId])', null],
    ['@relation(fields: [jobId], references: [id])', 'job'],
    ['@relation(fields: [tenantId, jobId], references: [id, tenantId])', 'job'],
  ])('%s', (relation, expected) => {
    expect(uncheckedRelation(relation)).toBe(expected);
  });

  it('without foreign keys in the database, none', () => {
    const relation = '@relation(fields: [tenantId, jobId], references: [tenantId, id])';
    expect(uncheckedRelation(relation, '\nrelationMode = "prisma"\n')).toBe('job');
  });

  it('to a shared model, any', () => {
    const text = `model Office {\n tenantId String\n countryCode String\n country Country @relation(fields: [countryCode], references: [code])\n}
      model Country {\n code String\n offices Office[]\n}`;
    const models = {
      Office: ['tenantId String', 'countryCode String', 'country Country of'],
      Country: ['code String', 'offices Office of'],
    };
    const [office] = classify(readSchema(clientOf(text, models)), ['Country'], 'tenantId');
    expect(office?.fields.get('countryCode')).toEqual({ kind: 'scalar', uncheckedRelation: null });
  });
});

describe('readSchema refuses metadata it does not recognise', () => {
  const relation = '@relation(fields: [jobId], references: [id])';
  const misread: [string, object][] = [
    ['nothing at all', {}],
    ['no text', { ...clientOf('', { ...job, ...candidate }), _engineConfig: {} }],
    ['no models', clientOf(both(relation), {})],
    ['a model without fields', { ...clientOf(both(relation), {}), _runtimeDataModel: { models: { Job: {} } } }],
    ['a model the text does not have', clientOf('model Job { tenantId String }', { ...job, ...candidate })],
    ['another type in the text', clientOf(both(relation).replace('id String', 'id Int'), { ...job, ...candidate })],
    ['a foreign key that is nowhere', clientOf(both(''), { ...job, ...candidate })],
    ['a foreign key on both ends', clientOf(both(relation).replace('[]', `[] ${relation}`), { ...job, ...candidate })],
    ['half of a relation', clientOf(both(relation), { Job: job.Job.slice(0, 2), ...candidate })],
    ['a composite type', clientOf('model Job {\n a Address\n}', { Job: ['a Address address'] })],
  ];

  it.each(misread)('%s', (_name, client) => {
    expect(() => readSchema(client)).toThrow(expect.objectContaining({ code: 'scope_misconfigured' }));
  });

  it('and accepts an implicit many-to-many relation, which has no foreign key', () => {
    const text = 'model A {\n tenantId String\n bs B[]\n}\nmodel B {\n tenantId String\n as A[]\n}';
    const client = clientOf(text, { A: ['tenantId String', 'bs B of'], B: ['tenantId String', 'as A of'] });
    expect([...readSchema(client).models.keys()]).toEqual(['A', 'B']);
  });
});
