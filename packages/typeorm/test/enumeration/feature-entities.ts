import type { EntitySchema } from 'typeorm';

export class Shelf {
  declare id: string;
  declare label: string;
  declare secret?: string;
  declare code: string;
  declare items: Item[];
  declare tools: Tool[];
}
export class Item {
  declare id: string;
  declare name: string;
  declare shelf: Shelf | null;
  declare tool: Tool | null;
  declare spare: Promise<Shelf | null>;
}
export class Tool {
  declare id: string;
}
export class Animal {
  declare id: string;
  declare name: string;
}
export class Cat extends Animal {}
export class Shown {
  declare id: string;
}
export class Counted {
  declare id: string;
}

const id = { type: String, primary: true } as const;
const tenantId = { type: String } as const;
const text = { type: String, default: 'text' } as const;
const free = { nullable: true, createForeignKeyConstraints: false } as const;
const upper = { to: (value: string) => value, from: (value: string | null) => value && `<${value}>` };

/** Entities with every option that changes what a query asks for or does. */
export function featureSchemas(Schema: typeof EntitySchema): EntitySchema[] {
  const schemas = [
    {
      name: 'Shelf',
      target: Shelf,
      tableName: 'shelf',
      orderBy: { label: 'DESC' },
      columns: {
        tenantId,
        id,
        label: { ...text, name: 'shelf_label', transformer: upper },
        secret: { ...text, select: false },
        code: { ...text, update: false },
        note: { type: String, nullable: true, insert: false },
        version: { type: Number, version: true },
        createdAt: { type: Date, createDate: true },
        updatedAt: { type: Date, updateDate: true },
      },
      embeddeds: {
        size: { schema: new Schema({ name: 'Size', columns: { width: { type: Number, default: 1 } } as never }) },
      },
      relations: {
        items: { type: 'one-to-many', target: 'Item', inverseSide: 'shelf', cascade: true, eager: true },
        tools: {
          type: 'many-to-many',
          target: 'Tool',
          joinTable: { name: 'shelf_tool' },
          createForeignKeyConstraints: false,
          cascade: true,
        },
      },
      relationIds: { itemIds: { relationName: 'items' } },
      indices: [{ columns: ['tenantId', 'label'] }],
    },
    {
      name: 'Item',
      target: Item,
      columns: { tenantId, id, name: text },
      relations: {
        shelf: { type: 'many-to-one', target: 'Shelf', inverseSide: 'items', orphanedRowAction: 'delete', ...free },
        spare: { type: 'many-to-one', target: 'Shelf', lazy: true, ...free },
        kept: { type: 'many-to-one', target: 'Shelf', onDelete: 'CASCADE', onUpdate: 'CASCADE', nullable: true },
        tool: { type: 'many-to-one', target: 'Tool', eager: true, persistence: false, ...free },
      },
    },
    { name: 'Tool', target: Tool, columns: { tenantId, id } },
    {
      name: 'Animal',
      target: Animal,
      columns: { tenantId, id, name: text, kind: { type: String } },
      inheritance: { pattern: 'STI', column: 'kind' },
    },
    { name: 'Cat', target: Cat, type: 'entity-child', discriminatorValue: 'cat', columns: {} },
    {
      name: 'Shown',
      target: Shown,
      type: 'view',
      expression: 'SELECT "tenantId", "id", "city" FROM "office"',
      columns: { tenantId: { ...tenantId, primary: true }, id, city: text },
    },
    {
      name: 'Counted',
      target: Counted,
      columns: {
        tenantId,
        id,
        total: {
          type: Number,
          virtualProperty: true,
          query: (alias: string) => `SELECT COUNT(*) FROM "item" WHERE "name" <> ${alias}."id"`,
        },
      },
    },
  ];
  return schemas.map((schema) => new Schema(schema as never));
}

export const FEATURE_TABLES = ['item', 'shelf_tool', 'tool', 'shelf', 'animal', 'counted'];

/** The second item has a tool, a shelf and a spare one of the other tenant's. */
export function featureRows(tenant: string, slug: string, other: string): string[] {
  return [
    `INSERT INTO "shelf" ("tenantId", "id", "shelf_label", "version", "createdAt", "updatedAt") VALUES ('${tenant}', '${slug}-shelf', '${slug} label', 1, '2026-01-01', '2026-01-01'), ('${tenant}', '${slug}-shelf-2', '${slug} label 2', 1, '2026-01-01', '2026-01-01')`,
    `INSERT INTO "tool" ("tenantId", "id") VALUES ('${tenant}', '${slug}-tool')`,
    `INSERT INTO "shelf_tool" ("shelfId", "toolId") VALUES ('${slug}-shelf', '${slug}-tool')`,
    `INSERT INTO "item" ("tenantId", "id", "shelfId", "spareId", "toolId", "keptId") VALUES ('${tenant}', '${slug}-item-1', '${slug}-shelf', '${slug}-shelf', '${slug}-tool', '${slug}-shelf-2'), ('${tenant}', '${slug}-item-2', '${other}-shelf', '${other}-shelf', '${other}-tool', NULL)`,
    `INSERT INTO "animal" ("tenantId", "id", "kind") VALUES ('${tenant}', '${slug}-cat', 'cat'), ('${tenant}', '${slug}-dog', 'Animal')`,
    `INSERT INTO "counted" ("tenantId", "id") VALUES ('${tenant}', '${slug}-counted')`,
  ];
}
