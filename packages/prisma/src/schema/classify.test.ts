import { describe, expect, it } from 'vitest';
import { classify } from './classify.js';
import type { ScopedField } from './model.js';
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
    _activeProvider: 'postgresql',
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

const classified = (text: string, models: Record<string, readonly string[]>, shared: readonly string[] = []) =>
  classify(readSchema(clientOf(text, models)), {
    tenantField: 'tenantId',
    shared,
    writable: [],
    isSeparate: false,
    isOmitted: () => false,
  });
const uncheckedOf = (field: ScopedField | undefined) =>
  field?.kind === 'scalar' ? field.unchecked.map(({ name }) => name) : field;

describe("P15: a foreign key is the database's to check only when it includes the tenant on both ends", () => {
  const unchecked = (relation: string) => {
    const model = classified(both(relation), { ...job, ...candidate }).find(({ name }) => name === 'Candidate');
    return uncheckedOf(model?.fields.get('jobId'));
  };

  it.each([
    ['@relation(fields: [tenantId, jobId], references: [tenantId, id])', []],
    ['@relation(references: [id, tenantId], fields: [jobId, tenantId])', []],
    ['@relation(fields: [jobId], references: [id])', ['job']],
    ['@relation(fields: [tenantId, jobId], references: [id, tenantId])', ['job']],
  ])('%s', (relation, expected) => {
    expect(unchecked(relation)).toEqual(expected);
  });

  it('to a shared model, any', () => {
    const text = `model Office {\n tenantId String\n countryCode String\n country Country @relation(fields: [countryCode], references: [code])\n}
      model Country {\n code String\n offices Office[]\n}`;
    const models = {
      Office: ['tenantId String', 'countryCode String', 'country Country of'],
      Country: ['code String', 'offices Office of'],
    };
    const [office] = classified(text, models, ['Country']);
    expect(uncheckedOf(office?.fields.get('countryCode'))).toEqual([]);
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

  it('prisma-13: and accepts one name for relations of two pairs of models', () => {
    const relation = '@relation("Author", fields: [userId], references: [id])';
    const text = `model User {\n tenantId String\n id String\n posts Post[] @relation("Author")\n comments Comment[] @relation("Author")\n}
      model Post {\n tenantId String\n userId String\n author User ${relation}\n}
      model Comment {\n tenantId String\n userId String\n author User ${relation}\n}`;
    const [user] = classified(text, {
      User: ['tenantId String', 'id String', 'posts Post Author', 'comments Comment Author'],
      Post: ['tenantId String', 'userId String', 'author User Author'],
      Comment: ['tenantId String', 'userId String', 'author User Author'],
    });
    const inverses = ['posts', 'comments'].map((name) => {
      const field = user?.fields.get(name);
      return field?.kind === 'relation'
        ? `${field.inverse.of.name}.${field.inverse.name} ${field.inverse.holdsKey}`
        : '';
    });
    expect(inverses).toEqual(['Post.author true', 'Comment.author true']);
  });

  it('and accepts an implicit many-to-many relation, which has no foreign key', () => {
    const text = 'model A {\n tenantId String\n bs B[]\n}\nmodel B {\n tenantId String\n as A[]\n}';
    const client = clientOf(text, { A: ['tenantId String', 'bs B of'], B: ['tenantId String', 'as A of'] });
    expect([...readSchema(client).models.keys()]).toEqual(['A', 'B']);
  });
});

it('with relationMode = "prisma", no key of several columns without the tenant whose rows Prisma itself would change', () => {
  const schema = (actions: string, mode = 'relationMode = "prisma"') => `
  datasource db { ${mode} }
  model Job {
    tenantId String
    region String
    no String
    candidates Candidate[]
    @@id([region, no])
  }
  model Candidate {
    tenantId String
    region String
    jobNo String
    job Job @relation(fields: [region, jobNo], references: [region, no]${actions})
  }`;
  const models = {
    Job: ['tenantId String', 'region String', 'no String', 'candidates Candidate of'],
    Candidate: ['tenantId String', 'region String', 'jobNo String', 'job Job of'],
  };
  for (const actions of ['', ', onDelete: Cascade, onUpdate: Restrict', ', onDelete: Restrict, onUpdate: Cascade'])
    expect(() => classified(schema(actions), models)).toThrow(/\(region, jobNo\) without the tenant/);
  expect(classified(schema(', onDelete: Restrict, onUpdate: NoAction'), models)).toHaveLength(2);
  expect(classified(schema('', ''), models)).toHaveLength(2);
});
