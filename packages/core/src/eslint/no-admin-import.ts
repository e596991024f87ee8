import type { Node, Rule } from './rule.js';

const ADMIN = /^@tenancy\/[^/]+\/admin$/;

/** Keeps what breaks out of a tenant in the one folder that the configuration leaves out. */
export const noAdminImport: Rule = {
  meta: {
    type: 'problem',
    docs: { description: 'Keep the admin clients of @tenancy in one folder.' },
    schema: [],
    messages: {
      outside:
        '{{module}} breaks out of the tenant. Import it only in the admin folder, and export a narrow function there.',
    },
  },
  create(context) {
    const check = (node: Node, source: Node | null | undefined) => {
      if (typeof source?.value !== 'string' || !ADMIN.test(source.value)) return;
      context.report({ node, messageId: 'outside', data: { module: source.value } });
    };
    const checkSource = (node: Node) => check(node, node.source);
    return {
      ImportDeclaration: checkSource,
      ImportExpression: checkSource,
      ExportNamedDeclaration: checkSource,
      ExportAllDeclaration: checkSource,
      CallExpression: (node: Node) => {
        if (node.callee?.type === 'Identifier' && node.callee.name === 'require') check(node, node.arguments?.[0]);
      },
    };
  },
};
