import { isRequire, textOf } from './module-names.js';
import type { Node, Rule } from './rule.js';

/** By its name, and by the path of its file. */
const ADMIN = /(?:^|\/node_modules\/)@tenancy\/[^/]+\/(?:dist\/)?admin(?:\.[cm]?js)?$/;

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
      const module = textOf(source);
      if (module !== null && ADMIN.test(module)) context.report({ node, messageId: 'outside', data: { module } });
    };
    const checkSource = (node: Node) => check(node, node.source);
    return {
      ImportDeclaration: checkSource,
      ImportExpression: checkSource,
      ExportNamedDeclaration: checkSource,
      ExportAllDeclaration: checkSource,
      TSImportEqualsDeclaration: (node: Node) => check(node, node.moduleReference?.expression),
      CallExpression: (node: Node) => {
        if (isRequire(node.callee, context)) check(node, node.arguments?.[0]);
      },
    };
  },
};
