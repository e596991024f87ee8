import type { Side } from '../company.js';
import { harmless, in03, onPostgres, reads, refused, type Table, writes } from '../entries.js';
import { Animal, Cat, Counted, Item, Shelf, Shown } from '../feature-entities.js';

const shelves = ({ source }: Side) => source.getRepository(Shelf);
const items = ({ source }: Side) => source.getRepository(Item);
const shelf = (slug: string) => ({ id: `${slug}-shelf` });
const SCHEMA = harmless('is about the tables, which an application makes by migrations');
const SEEN = harmless(
  'is read by the scope where a key or a reference depends on it (upsert-keys.long.test.ts, look-ups.long.test.ts, `test/schemas`)',
);
const NAMED = harmless('is a name, or what the entity is made of: everything else here has it');
const ELSEWHERE = harmless("is another database's");
const VALUE = harmless('is about one value of the row itself');

const allShelves = reads((on) => shelves(on).find());
const eager = reads((on) => items(on).find({ select: { id: true, tool: { id: true } } }));
const changed = writes((on, slug) => shelves(on).update(shelf(slug), { label: 'changed' }));
/** Whatever a shelf has is written with it. */
const cascaded = writes(async (on, slug) => {
  const found = await shelves(on).findOneByOrFail(shelf(slug));
  found.items = [...found.items, items(on).create({ id: `${slug}-item-9`, tenantId: `t_${slug}` } as object)];
  return shelves(on).save(found);
});
/** The item that its shelf no longer has is deleted. */
const orphaned = writes(async (on, slug) => {
  const found = await shelves(on).findOneByOrFail(shelf(slug));
  return shelves(on).save(Object.assign(found, { items: [] }));
});
/** Goes to what the database changes by itself. */
const followed = onPostgres(writes((on, slug) => shelves(on).delete({ id: `${slug}-shelf-2` })));
const lazy = reads(async (on) =>
  Promise.all((await items(on).find()).map(async ({ id, spare }) => [/-1$/.test(id) && id, await spare])),
);

export const entitySchemaTable: Table = {
  target: NAMED,
  name: NAMED,
  tableName: allShelves,
  database: SCHEMA,
  schema: SCHEMA,
  type: reads(({ source }) => source.getRepository(Shown).find()),
  orderBy: reads((on) => shelves(on).find({ take: 3 })),
  columns: NAMED,
  relations: reads((on) => shelves(on).find({ relations: { tools: true } })),
  relationIds: reads((on) => shelves(on).find()),
  indices: SEEN,
  foreignKeys: SCHEMA,
  uniques: SEEN,
  checks: SCHEMA,
  exclusions: SCHEMA,
  embeddeds: reads((on) => shelves(on).find({ where: { size: { width: 1 } } as object })),
  synchronize: SCHEMA,
  withoutRowid: SCHEMA,
  expression: reads(({ source }) => source.getRepository(Shown).find({ take: 3 })),
  inheritance: reads(({ source }) => source.getRepository(Animal).find()),
  discriminatorValue: reads(({ source }) => source.getRepository(Cat).find()),
  trees: reads(({ units }) => units.findTrees()),
};

const columns: Table = {
  type: NAMED,
  name: reads((on) => shelves(on).find({ where: { label: on.typeorm.Like('%label%') } })),
  primary: NAMED,
  length: SCHEMA,
  width: in03(SCHEMA),
  nullable: SCHEMA,
  readonly: in03(VALUE),
  update: writes((on, slug) => shelves(on).save({ ...shelf(slug), label: 'changed', code: 'changed' })),
  select: reads((on) => shelves(on).find({ select: { id: true, secret: true } })),
  insert: writes((on, slug) =>
    shelves(on).insert({ id: `${slug}-shelf-9`, tenantId: `t_${slug}`, note: 'not inserted' } as object),
  ),
  unique: SEEN,
  comment: SCHEMA,
  default: SEEN,
  onUpdate: ELSEWHERE,
  precision: SCHEMA,
  scale: SCHEMA,
  zerofill: in03(SCHEMA),
  unsigned: SCHEMA,
  charset: harmless(
    'decides how texts are compared, which is looked at before the first query (compared-bytes.long.test.ts)',
  ),
  collation: harmless(
    'decides how texts are compared, which is looked at before the first query (compared-bytes.long.test.ts)',
  ),
  enum: SCHEMA,
  enumName: SCHEMA,
  asExpression: SEEN,
  generatedType: SEEN,
  hstoreType: VALUE,
  array: VALUE,
  transformer: reads((on) => shelves(on).find({ select: { label: true } })),
  primaryKeyConstraintName: SCHEMA,
  // A statement by hand, which reads everybody's rows.
  query: refused(({ source }) => source.getRepository(Counted).find()),
};

export const columnTable: Table = {
  ...columns,
  foreignKeyConstraintName: SCHEMA,
  generatedIdentity: SEEN,
  spatialFeatureType: SCHEMA,
  srid: SCHEMA,
  utc: VALUE,
};

export const entitySchemaColumnTable: Table = {
  ...columns,
  objectId: ELSEWHERE,
  createDate: writes((on, slug) => shelves(on).save({ id: `${slug}-shelf-9`, tenantId: `t_${slug}` } as object)),
  updateDate: changed,
  deleteDate: writes((on, slug) => on.jobs.softDelete({ id: `${slug}-job-1` })),
  version: changed,
  treeChildrenCount: ELSEWHERE,
  treeLevel: ELSEWHERE,
  // As long as it is not selected: `query`.
  virtualProperty: reads(({ source }) => source.getRepository(Counted).find({ select: { id: true } })),
  generated: SEEN,
  columnDefinition: SCHEMA,
  foreignKey: SCHEMA,
};

export const relationTable: Table = {
  cascade: cascaded,
  nullable: SCHEMA,
  onDelete: followed,
  onUpdate: followed,
  deferrable: SEEN,
  createForeignKeyConstraints: eager,
  lazy,
  eager,
  persistence: eager,
  orphanedRowAction: orphaned,
};

export const entitySchemaRelationTable: Table = {
  ...relationTable,
  target: NAMED,
  type: NAMED,
  inverseSide: reads((on) => shelves(on).find({ relations: { items: { tool: true } } })),
  primary: NAMED,
  joinTable: reads((on, slug) =>
    shelves(on).find({ where: { ...shelf(slug), tools: { id: `${slug}-tool` } } as object }),
  ),
  joinColumn: reads((on, slug) => on.jobs.find({ where: { id: `${slug}-job-1` }, relations: { office: true } })),
  treeParent: reads(({ units }) => units.findTrees()),
  treeChildren: reads(({ units }) => units.findTrees()),
  default: SEEN,
};

export const entityTable: Table = {
  name: NAMED,
  orderBy: reads((on) => shelves(on).find({ take: 3 })),
  engine: ELSEWHERE,
  database: SCHEMA,
  schema: SCHEMA,
  synchronize: SCHEMA,
  withoutRowid: SCHEMA,
  comment: SCHEMA,
};
