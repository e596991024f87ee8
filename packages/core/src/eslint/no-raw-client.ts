import { definitionOf, loadedModule, memberOf, textOf } from './module-names.js';
import type { Definition, Node, Rule, RuleContext } from './rule.js';

// Prisma's client is generated into the application, so it comes from anywhere.
const RAW: Readonly<Record<string, { readonly from: RegExp; readonly instead: string }>> = {
  PrismaClient: { from: /./, instead: 'tenantScoped(new PrismaClient(…), …) from @tenancy/prisma' },
  Pool: { from: /^pg$/, instead: 'createTenantPool(…) from @tenancy/postgres' },
  Client: { from: /^pg$/, instead: 'createTenantPool(…) from @tenancy/postgres' },
  DataSource: { from: /^typeorm$/, instead: 'tenantDataSourceFactory(…) from @tenancy/typeorm' },
  Queue: { from: /^bullmq$/, instead: '@InjectQueue() with TenantBullModule from @tenancy/core/bullmq' },
  FlowProducer: { from: /^bullmq$/, instead: '@InjectFlowProducer() with TenantBullModule from @tenancy/core/bullmq' },
  Worker: { from: /^bullmq$/, instead: '@Processor() with TenantBullModule from @tenancy/core/bullmq' },
};

/** Refuses clients of databases and queues that know nothing of tenants, unless `tenantScoped(…)` wraps them where they are made. */
export const noRawClient: Rule = {
  meta: {
    type: 'problem',
    docs: { description: 'Make clients of databases and queues tenant-scoped where they are created.' },
    schema: [],
    messages: { raw: 'new {{name}}(…) sees every tenant. Use {{instead}}.' },
  },
  create(context) {
    return {
      NewExpression: (node: Node) => {
        const { name, from } = originOf(node.callee, context) ?? {};
        if (!name || !from || !Object.hasOwn(RAW, name) || !RAW[name]?.from.test(from) || isScoped(node)) return;
        context.report({ node, messageId: 'raw', data: { name, instead: RAW[name].instead } });
      },
    };
  },
};

/** The meaning of an expression: `name` of the module `from`, or the module itself. */
interface Origin {
  readonly name: string | null;
  readonly from: string;
}

/** The import or `require` that `node` stands for, over as many names as it went by: `Pool`, an alias, `pg.Pool`. */
function originOf(
  node: Node | null | undefined,
  context: RuleContext,
  passed: readonly Definition[] = [],
): Origin | null {
  const from = loadedModule(node, context);
  if (from !== null) return { name: null, from };
  if (node?.type === 'MemberExpression') return memberIn(originOf(node.object, context, passed), memberOf(node));
  const definition = node?.type === 'Identifier' ? definitionOf(node, context) : undefined;
  // Variables may be made of each other.
  return definition && !passed.includes(definition) ? declared(definition, context, [...passed, definition]) : null;
}

function declared(definition: Definition, context: RuleContext, passed: readonly Definition[]): Origin | null {
  const { type, name, node, parent } = definition;
  if (type === 'ImportBinding') {
    const from = textOf(parent?.source ?? node.moduleReference?.expression);
    return from === null ? null : memberIn({ name: null, from }, node.imported?.name ?? 'default');
  }
  if (type !== 'Variable') return null;
  const whole = originOf(node.init, context, passed);
  if (node.id?.type !== 'ObjectPattern') return whole;
  const taken = node.id.properties?.find(({ value }) => {
    const target = value as Node | undefined;
    return target === name || target?.left === name;
  });
  return taken ? memberIn(whole, taken.key?.name ?? textOf(taken.key)) : null;
}

/** The default export of a module of CommonJS is the module. */
const memberIn = (whole: Origin | null, name: string | null): Origin | null =>
  whole === null || whole.name !== null || name === null ? null : { ...whole, name: name === 'default' ? null : name };

const isScoped = ({ parent }: Node): boolean =>
  parent?.type === 'CallExpression' && parent.callee?.type === 'Identifier' && parent.callee.name === 'tenantScoped';
