import type { SchemaKey } from './schema.js';

/** One field of a model, as the schema's text declares it. */
export interface DeclaredField {
  readonly type: string;
  readonly isList: boolean;
  readonly isRequired: boolean;
  readonly hasDefault: boolean;
  readonly nativeType: string | null;
  /** The columns of `@relation(fields: […], references: […])`, on the side that holds the foreign key. */
  readonly foreignKey: DeclaredForeignKey | null;
}

export interface DeclaredForeignKey {
  readonly fields: readonly string[];
  readonly references: readonly string[];
  readonly onDelete: string | null;
  readonly onUpdate: string | null;
}

export interface DeclaredModel {
  readonly fields: ReadonlyMap<string, DeclaredField>;
  /** The primary key first. */
  readonly keys: readonly SchemaKey[];
}

export interface DeclaredSchema {
  readonly models: ReadonlyMap<string, DeclaredModel>;
  /** False with `relationMode = "prisma"`: then the database has no foreign keys at all. */
  readonly hasForeignKeys: boolean;
}

const TOKEN = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|[\p{L}_][\p{L}\p{N}_-]*|\n|\S/gu;

/**
 * Reads what the client's own metadata leaves out of a Prisma schema: lists, optional fields, keys and foreign keys.
 * It reads no more than that; `readSchema` checks the result against the client, field by field.
 */
export function parseSchema(text: string): DeclaredSchema {
  const models = new Map<string, DeclaredModel>();
  let hasForeignKeys = true;
  for (const { keyword, name, lines } of blocksOf(text)) {
    if (keyword === 'datasource' && lines.some(([key, , value]) => key === 'relationMode' && value === '"prisma"')) {
      hasForeignKeys = false;
    }
    if (keyword !== 'model' && keyword !== 'view') continue;
    const fields = new Map<string, DeclaredField>();
    for (const line of lines) {
      if (line[0] !== undefined && line[0] !== '@') fields.set(line[0], declaredField(line));
    }
    models.set(name, { fields, keys: declaredKeys(lines) });
  }
  return { models, hasForeignKeys };
}

interface Block {
  readonly keyword: string;
  readonly name: string;
  readonly lines: readonly (readonly string[])[];
}

/** The top-level blocks with their logical lines: a line break inside brackets does not end a line. */
function blocksOf(text: string): readonly Block[] {
  const blocks: Block[] = [];
  let header: string[] = [];
  let lines: string[][] | null = null;
  let depth = 0;
  for (const [token] of text.matchAll(TOKEN)) {
    if (token.startsWith('//') || token.startsWith('/*')) continue;
    if (token === '(' || token === '[') depth += 1;
    if (token === ')' || token === ']') depth -= 1;
    if (lines === null) {
      if (token === '{') lines = [[]];
      else if (token !== '\n') header.push(token);
    } else if (token === '}' && depth === 0) {
      blocks.push({ keyword: header[0] ?? '', name: header[1] ?? '', lines: lines.filter((line) => line.length > 0) });
      header = [];
      lines = null;
    } else if (token !== '\n') lines.at(-1)?.push(token);
    else if (depth === 0) lines.push([]);
  }
  return blocks;
}

function declaredField(line: readonly string[]): DeclaredField {
  const relation = line.findIndex((token, index) => token === '@' && line[index + 1] === 'relation');
  const fields = relation < 0 ? null : namesAfter(line, 'fields', relation);
  const references = relation < 0 ? null : namesAfter(line, 'references', relation);
  const native = line.findIndex((token, index) => token === '@' && line[index + 1] === 'db' && line[index + 2] === '.');
  return {
    type: line[1] ?? '',
    isList: line[2] === '[',
    isRequired: line[2] !== '?' && line[2] !== '[',
    hasDefault: line.some((token, index) => token === '@' && line[index + 1] === 'default'),
    nativeType: native < 0 ? null : (line[native + 3] ?? null),
    foreignKey:
      fields && references
        ? {
            fields,
            references,
            onDelete: nameAfter(line, 'onDelete', relation),
            onUpdate: nameAfter(line, 'onUpdate', relation),
          }
        : null,
  };
}

function declaredKeys(lines: readonly (readonly string[])[]): readonly SchemaKey[] {
  const single = (attribute: string) =>
    lines
      .filter((line) => line[0] !== '@' && line.some((token, at) => token === '@' && line[at + 1] === attribute))
      .map(([name = '']) => ({ name, fields: [name] }));
  const compound = (attribute: string) =>
    lines
      .filter((line) => line[0] === '@' && line[1] === '@' && line[2] === attribute)
      .map((line) => {
        const fields = columnsOf(line);
        return { name: nameAfter(line, 'name', 2)?.slice(1, -1) ?? fields.join('_'), fields };
      });
  return [...single('id'), ...compound('id'), ...compound('unique'), ...single('unique')];
}

/** The columns in `@@unique([a, b(sort: Desc)])`. */
function columnsOf(line: readonly string[]): readonly string[] {
  const start = line.indexOf('[') + 1;
  const columns: string[] = [];
  let depth = 0;
  for (const token of line.slice(start, line.indexOf(']', start))) {
    if (token === '(') depth += 1;
    else if (token === ')') depth -= 1;
    else if (depth === 0 && token !== ',') columns.push(token);
  }
  return columns;
}

/** The name in `key: name`. */
function nameAfter(line: readonly string[], key: string, from: number): string | null {
  const at = line.findIndex((token, index) => index > from && token === key && line[index + 1] === ':');
  return at < 0 ? null : (line[at + 2] ?? null);
}

/** The names in `key: [a, b]`. */
function namesAfter(line: readonly string[], key: string, from: number): readonly string[] | null {
  const start = line.findIndex(
    (token, index) => index > from && token === key && line[index + 1] === ':' && line[index + 2] === '[',
  );
  if (start < 0) return null;
  const end = line.indexOf(']', start);
  return line.slice(start + 3, end).filter((token) => token !== ',');
}
