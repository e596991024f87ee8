import {
  type Field,
  type FieldType,
  type Model,
  primaryKey,
  type RandomSchema,
} from '../../../../test/oracle/schema.js';

export type Provider = 'postgresql' | 'sqlite';

export interface TextOptions {
  readonly provider: Provider;
  readonly previewFeatures: readonly string[];
  /** The folder that the generators write to. */
  readonly output: string;
}

/** A schema file with the models of several schemas, whose names differ by their prefixes. */
export function schemaText(
  schemas: readonly RandomSchema[],
  { provider, previewFeatures, output }: TextOptions,
): string {
  const head = [
    'generator client {',
    '  provider = "prisma-client"',
    `  output = ${JSON.stringify(output)}`,
    ...(previewFeatures.length > 0 ? [`  previewFeatures = ${JSON.stringify(previewFeatures)}`] : []),
    '}',
    '',
    'datasource db {',
    `  provider = "${provider}"`,
    '}',
  ];
  const models = schemas.flatMap((schema) => [
    `enum ${schema.prefix}Color {\n  red\n  green\n  blue\n}`,
    ...schema.models.map((model) => modelText(schema, model, provider)),
  ]);
  return `${[...head, '', models.join('\n\n')].join('\n')}\n`;
}

function modelText(schema: RandomSchema, model: Model, provider: Provider): string {
  const lines = [
    ...model.fields.map((field) => scalarText(schema, model, field, provider)),
    ...schema.relations.flatMap((relation) => {
      const { name, columns, references, onDelete, onUpdate } = relation;
      const actions = relation.hasDefaultActions ? '' : `, onDelete: ${onDelete}, onUpdate: ${onUpdate}`;
      const optional = relation.isRequired ? '' : '?';
      return [
        ...(relation.holder === model.name
          ? [
              `${relation.field} ${relation.referred}${optional} @relation("${name}", fields: [${columns.join(', ')}], references: [${references.join(', ')}]${actions})`,
            ]
          : []),
        ...(relation.referred === model.name
          ? [`${relation.backField} ${relation.holder}${relation.isOneToOne ? '?' : '[]'} @relation("${name}")`]
          : []),
      ];
    }),
    ...schema.links.flatMap(({ name, a, b }) => [
      ...(a.model === model.name ? [`${a.field} ${b.model}[] @relation("${name}")`] : []),
      ...(b.model === model.name ? [`${b.field} ${a.model}[] @relation("${name}")`] : []),
    ]),
    ...model.keys
      .filter(({ fields }) => fields.length > 1)
      .map((key) => {
        const name = key.hasOwnName ? `, name: "${key.name}"` : '';
        return `${key === primaryKey(model) ? '@@id' : '@@unique'}([${key.fields.join(', ')}]${name})`;
      }),
    ...(model.table === model.name ? [] : [`@@map("${model.table}")`]),
  ];
  return `model ${model.name} {\n${lines.map((line) => `  ${line}`).join('\n')}\n}`;
}

function scalarText(schema: RandomSchema, model: Model, field: Field, provider: Provider): string {
  const { name, column, type, isRequired } = field;
  const isTenant = model.ownership === 'tenant' && name === schema.tenantField;
  const key = model.keys.find(({ fields }) => fields.length === 1 && fields[0] === name);
  return [
    name,
    `${prismaType(schema, type)}${isRequired ? '' : '?'}`,
    ...(key ? [key === primaryKey(model) ? '@id' : '@unique'] : []),
    // What makes it optional in the types of `create`.
    ...(isTenant ? [`@default(dbgenerated("current_setting('app.tenant_id')"))`] : []),
    ...(field.default === null ? [] : [`@default(${JSON.stringify(field.default)})`]),
    ...(type === 'Uuid' && provider === 'postgresql' ? ['@db.Uuid'] : []),
    ...(column === name ? [] : [`@map("${column}")`]),
  ].join(' ');
}

function prismaType({ prefix }: RandomSchema, type: FieldType): string {
  if (type === 'Uuid') return 'String';
  return type === 'Enum' ? `${prefix}Color` : type;
}
