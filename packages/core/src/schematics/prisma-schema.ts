import { type Tree, textOf } from './workspace.js';

/** A model of a Prisma schema, as far as its tenant is concerned. */
export interface PrismaModel {
  readonly name: string;
  readonly table: string;
  /** The column of the field `tenantId`; null where there is none. */
  readonly tenantColumn: string | null;
  readonly isUuid: boolean;
}

/** A schema, as far as its database and its client are concerned. */
export interface PrismaSchema {
  readonly path: string;
  readonly models: readonly PrismaModel[];
  readonly isPostgres: boolean;
  /** The module of the client: a path from the root, or `@prisma/client`. */
  readonly client: string;
  /** True where the client is written as TypeScript, by the generator `prisma-client`. */
  readonly isTypeScript: boolean;
}

const PLACES = ['prisma/schema.prisma', 'schema.prisma'];

/** The schema where Prisma looks for it, or null. */
export function readPrismaSchema(tree: Tree): PrismaSchema | null {
  const path = PLACES.find((place) => tree.exists(place));
  const text = path && textOf(tree, path)?.replaceAll(/\/\/.*$/gm, '');
  if (!path || !text) return null;
  const blocks = [...text.matchAll(/^\s*(model|datasource|generator)\s+(\w+)\s*\{([^}]*)\}/gm)];
  const of = (kind: string) => blocks.filter(([, each]) => each === kind);
  const generator = of('generator').find(([, , , body = '']) =>
    /provider\s*=\s*"prisma-client(?:-js)?"/.test(body),
  )?.[3];
  const output = /output\s*=\s*"([^"]+)"/.exec(generator ?? '')?.[1];
  const isNew = /provider\s*=\s*"prisma-client"/.test(generator ?? '');
  const folder = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '.';
  return {
    path,
    models: of('model').map(([, , name = '', body = '']) => modelOf(name, body)),
    isPostgres: /provider\s*=\s*"(?:postgresql|postgres)"/.test(of('datasource')[0]?.[3] ?? ''),
    client: output ? `${folder}/${output}${isNew ? '/client' : ''}` : '@prisma/client',
    isTypeScript: isNew,
  };
}

function modelOf(name: string, body: string): PrismaModel {
  const field = /^\s*tenantId\s+String\b(.*)$/m.exec(body)?.[1];
  return {
    name,
    table: /@@map\(\s*(?:name:\s*)?"([^"]+)"/.exec(body)?.[1] ?? name,
    tenantColumn: field === undefined ? null : (/@map\(\s*(?:name:\s*)?"([^"]+)"/.exec(field)?.[1] ?? 'tenantId'),
    isUuid: /@db\.Uuid\b/.test(field ?? ''),
  };
}
