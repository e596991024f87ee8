import { DataSource, EntitySchema, type EntitySchemaColumnOptions } from 'typeorm';
import { DataSource as DataSource03, EntitySchema as EntitySchema03 } from 'typeorm-0.3';
import { afterEach, describe, expect, it } from 'vitest';
import { classifyEntities, type EntityReference, isEntityClassificationError } from '../src/index.js';

class Country {}
class Job {}

const versions = [
  { version: '1.x', Source: DataSource, Schema: EntitySchema },
  // The two versions have the same options and no common types.
  {
    version: '0.3',
    Source: DataSource03 as unknown as typeof DataSource,
    Schema: EntitySchema03 as unknown as typeof EntitySchema,
  },
];

describe.each(versions)('classifyEntities on TypeORM $version', ({ Source, Schema }) => {
  const opened: DataSource[] = [];
  afterEach(async () => {
    for (const dataSource of opened.splice(0)) await dataSource.destroy();
  });

  const id = { type: 'integer', primary: true, generated: true } as const;
  const tenantId = { type: 'text' } as const;
  const entity = (name: string, columns: Record<string, EntitySchemaColumnOptions> = {}, more = {}) =>
    new Schema({ name, columns: { id, ...columns }, ...more });
  const country = entity('Country', {}, { target: Country });
  const job = entity('Job', { tenantId }, { target: Job });

  const sourceOf = (...entities: InstanceType<typeof EntitySchema>[]) =>
    new Source({ type: 'sqljs', entities, synchronize: true });
  const open = async (...entities: InstanceType<typeof EntitySchema>[]) => {
    const dataSource = await sourceOf(...entities).initialize();
    opened.push(dataSource);
    return dataSource;
  };

  it.each<[string, EntityReference]>([
    ['class', Country],
    ['schema', country],
    ['name', 'Country'],
  ])("tells the tenant's entities from the shared ones, named by %s", async (_by, reference) => {
    expect(classifyEntities(await open(job, country), { shared: [reference] })).toEqual({
      tenantOwned: ['Job'],
      shared: ['Country'],
      joinTables: [],
    });
  });

  it('fails for an entity that is neither, naming it and the fix', async () => {
    const dataSource = await open(job, country);
    expect(() => classifyEntities(dataSource)).toThrow(
      expect.objectContaining({
        code: 'entity_unclassified',
        message: expect.stringMatching(/the entity Country has no property tenantId.*add Country to shared/),
      }),
    );
    expect(() => classifyEntities(dataSource, { shared: [Country], tenantProperty: 'orgId' })).toThrow(
      expect.objectContaining({ message: expect.stringContaining('the entity Job has no property orgId') }),
    );
  });

  it('typeorm-13, typeorm-14: names all that are neither, and the other ways to keep tenants apart', async () => {
    const dataSource = await open(entity('Country'), entity('Currency'), job, entity('Language'));
    expect(() => classifyEntities(dataSource)).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(
          /the entities Country, Currency and Language have .* `@TenantColumn\(\)` to its key, if they are the tenants.*`schemaPerTenant\(\)`/,
        ),
      }),
    );
  });

  it.each<[string, EntityReference, string]>([
    ['a name that is no entity', 'Planet', 'shared names "Planet", which is no entity'],
    ['a class that is no entity', class Planet {}, 'shared names Planet, which is no entity'],
    ['a name in other letters', 'country', 'shared names "country", which is no entity'],
    ['an entity of a tenant', Job, 'shared names Job, which has the property tenantId'],
  ])('fails when shared has %s', async (_what, reference, message) => {
    const dataSource = await open(job, country);
    expect(() => classifyEntities(dataSource, { shared: [Country, reference] })).toThrow(
      expect.objectContaining({ code: 'shared_invalid', message: expect.stringContaining(message) }),
    );
  });

  it('fails before the data source is initialised', () => {
    expect(() => classifyEntities(sourceOf(job))).toThrow(
      expect.objectContaining({ code: 'data_source_not_initialized' }),
    );
  });

  it('accepts another property, an embedded one included', async () => {
    const owner = { owner: { schema: new Schema({ name: 'Owner', columns: { orgId: { type: 'text' } } }) } };
    const embedding = entity('Note', {}, { embeddeds: owner });
    expect(classifyEntities(await open(embedding), { tenantProperty: 'owner.orgId' }).tenantOwned).toEqual(['Note']);
    expect(() => classifyEntities(opened[0] as DataSource, { tenantProperty: 'orgId' })).toThrow(
      expect.objectContaining({ code: 'entity_unclassified' }),
    );
  });

  it("takes neither a relation to the tenant nor a computed property for the tenant's column", async () => {
    const tenant = entity('Tenant', { tenantId });
    const related = entity('Related', {}, { relations: { tenant: { type: 'many-to-one', target: 'Tenant' } } });
    const dataSource = await open(tenant, related);
    expect(() => classifyEntities(dataSource)).toThrow(expect.objectContaining({ code: 'entity_unclassified' }));
    const computed = entity('Computed', { tenantId: { type: 'text', virtualProperty: true, query: () => `'x'` } });
    const another = await open(computed);
    expect(() => classifyEntities(another)).toThrow(
      expect.objectContaining({ message: expect.stringContaining('Computed.tenantId is computed') }),
    );
  });

  it('lists the tables that TypeORM makes itself apart', async () => {
    const tags = { tags: { type: 'many-to-many', target: 'Tag', joinTable: true } };
    const tagged = entity('Post', { tenantId }, { relations: tags });
    const classification = classifyEntities(await open(tagged, entity('Tag', { tenantId })));
    expect(classification).toEqual({ tenantOwned: ['Post', 'Tag'], shared: [], joinTables: ['post_tags_tag'] });
  });

  it('fails for a name that two entities have', async () => {
    const { Country: region } = { Country: class {} };
    const twins = [country, entity('Country', {}, { target: region, tableName: 'region' })];
    const dataSource = await open(...(twins as [typeof country, typeof country]));
    expect(() => classifyEntities(dataSource, { shared: ['Country'] })).toThrow(
      expect.objectContaining({ code: 'shared_invalid', message: expect.stringContaining('several entities') }),
    );
    expect(classifyEntities(dataSource, { shared: [Country, region] }).shared).toHaveLength(2);
  });

  it("takes a parent for the tenant's when a child of its table is", async () => {
    class Document {}
    class Contract extends Document {}
    const parent = entity(
      'Document',
      { kind: { type: 'text' } },
      {
        target: Document,
        inheritance: { pattern: 'STI', column: 'kind' },
      },
    );
    const child = new Schema({ name: 'Contract', target: Contract, type: 'entity-child', columns: { tenantId } });
    const dataSource = await open(parent, child);
    expect(classifyEntities(dataSource).tenantOwned).toEqual(['Document', 'Contract']);
  });

  it('throws errors that are recognised by their brand', async () => {
    const dataSource = await open(country);
    try {
      classifyEntities(dataSource);
      expect.unreachable();
    } catch (error) {
      expect(isEntityClassificationError(error, 'entity_unclassified')).toBe(true);
      expect(isEntityClassificationError(error, 'shared_invalid')).toBe(false);
      expect(isEntityClassificationError(new Error('entity_unclassified'))).toBe(false);
    }
  });
});
