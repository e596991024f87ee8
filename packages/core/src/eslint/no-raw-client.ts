import type { Node, Rule } from './rule.js';

// Prisma's client is generated into the application, so it comes from anywhere.
const RAW: Readonly<Record<string, { readonly from: RegExp; readonly instead: string }>> = {
  PrismaClient: { from: /./, instead: 'tenantScoped(new PrismaClient(…), …) from @tenancy/prisma' },
  Pool: { from: /^pg$/, instead: 'createTenantPool(…) from @tenancy/postgres' },
  Client: { from: /^pg$/, instead: 'createTenantPool(…) from @tenancy/postgres' },
  DataSource: { from: /^typeorm$/, instead: 'tenantDataSourceFactory(…) from @tenancy/typeorm' },
};

/** Refuses database clients that know nothing of tenants, unless `tenantScoped(…)` wraps them where they are made. */
export const noRawClient: Rule = {
  meta: {
    type: 'problem',
    docs: { description: 'Make database clients tenant-scoped where they are created.' },
    schema: [],
    messages: { raw: 'new {{name}}(…) sees every tenant. Use {{instead}}.' },
  },
  create(context) {
    const imported = new Map<string, { readonly name: string | null; readonly from: string }>();
    return {
      ImportDeclaration: (node: Node) => {
        for (const { imported: original, local } of node.specifiers ?? []) {
          const name = original?.name ?? null;
          imported.set(local?.name ?? '', { name, from: String(node.source?.value) });
        }
      },
      NewExpression: (node: Node) => {
        const name = rawClient(node.callee, imported);
        if (name === null || isScoped(node)) return;
        context.report({ node, messageId: 'raw', data: { name, instead: RAW[name]?.instead ?? '' } });
      },
    };
  },
};

type Imports = ReadonlyMap<string, { readonly name: string | null; readonly from: string }>;

/** The name of the raw client that `callee` constructs: `Pool`, an alias of it, or `pg.Pool`. */
function rawClient(callee: Node | undefined, imports: Imports): string | null {
  const local = callee?.type === 'MemberExpression' ? callee.object?.name : callee?.name;
  const source = imports.get(local ?? '');
  const name = callee?.type === 'MemberExpression' ? callee.property?.name : source?.name;
  return source && name && Object.hasOwn(RAW, name) && RAW[name]?.from.test(source.from) ? name : null;
}

const isScoped = ({ parent }: Node): boolean =>
  parent?.type === 'CallExpression' && parent.callee?.type === 'Identifier' && parent.callee.name === 'tenantScoped';
