import { nodesOf } from '../../parser/walk.js';
import type { LintRule } from '../rule/rule.js';
import { node, nodes, strings, text } from '../sql/nodes.js';

/** A name that PostgreSQL cuts short. */
export const identifierTooLong: LintRule = {
  name: 'identifier-too-long',
  group: 'transactions',
  severity: 'error',
  finds: 'a name of more than 63 bytes',
  why: 'PostgreSQL cuts it short with a NOTICE: two names that begin alike become one, and code that asks the catalog for the whole name finds nothing.',
  safe: '63 bytes at most',
  *end({ file }) {
    // The tree has the names as PostgreSQL cut them, so they are looked for in the text.
    const seen = new Set<string>();
    for (const { statement } of file.steps) {
      for (const { groups = {} } of statement.text.matchAll(IDENTIFIER)) {
        const name = groups['quoted']?.replaceAll('""', '"') ?? groups['plain'];
        if (name === undefined || Buffer.byteLength(name) <= 63 || seen.has(name)) continue;
        seen.add(name);
        const cut = Buffer.from(name)
          .subarray(0, 63)
          .toString('utf8')
          .replace(/\uFFFD$/, '');
        yield {
          statement,
          message: `the name ${name} has ${Buffer.byteLength(name)} bytes, of which PostgreSQL keeps 63: ${cut}.`,
          fix: '-- a name of 63 bytes at most',
        };
      }
    }
  },
};

const IDENTIFIER =
  /--[^\n]*|\/\*[\s\S]*?\*\/|[eE]?'(?:[^'\\]|\\[\s\S]|'')*'|(?<dollar>\$(?:[a-zA-Z_]\w*)?\$)[\s\S]*?\k<dollar>|"(?<quoted>(?:[^"]|"")+)"|(?<plain>[a-zA-Z_\u0080-\uffff][\w$\u0080-\uffff]*)/g;

/** A form that the oldest server does not have. */
export const serverVersion: LintRule = {
  name: 'server-version',
  group: 'transactions',
  severity: 'error',
  finds:
    'what the oldest server of `serverVersion` refuses: `NOT NULL … NOT VALID`, `VIRTUAL`, `NOT ENFORCED`, `WITHOUT OVERLAPS` and foreign keys `NOT VALID` on partitioned tables before 18',
  why: 'The migration runs on the server of the developer and fails on the older one.',
  safe: 'the form that the older server has',
  steps: {
    *AT_AddConstraint({ tree, table, options }) {
      const constraint = node(node(tree, 'def'), 'Constraint');
      if (options.serverVersion >= 18) return;
      const isNotValid = constraint['skip_validation'] === true;
      if (text(constraint, 'contype') === 'CONSTR_NOTNULL')
        yield {
          message: `PostgreSQL ${options.serverVersion} has no NOT NULL as a constraint with a name, and no NOT VALID for it.`,
          fix: `-- a check in its place:\nCHECK (${strings(constraint, 'keys').join(', ')} IS NOT NULL) NOT VALID`,
        };
      if (text(constraint, 'contype') === 'CONSTR_FOREIGN' && isNotValid && table.isPartitioned)
        yield {
          message: `PostgreSQL ${options.serverVersion} has no NOT VALID for foreign keys of partitioned tables.`,
          fix: '-- add the key NOT VALID to each partition, VALIDATE each, and then add it to the parent',
        };
    },
  },
  *end({ file, options }) {
    if (options.serverVersion >= 18) return;
    for (const statement of new Set(file.steps.map((step) => step.statement))) {
      const found = [...nodesOf(statement.tree)].find(
        ({ kind, tree }) =>
          kind === 'Constraint' &&
          ((text(tree, 'contype') === 'CONSTR_GENERATED' && text(tree, 'generated_kind') === 'v') ||
            tree['without_overlaps'] === true ||
            tree['fk_with_period'] === true ||
            nodes(tree, 'constraints').some(({ tree: one }) => text(one, 'contype') === 'CONSTR_ATTR_NOT_ENFORCED') ||
            (['CONSTR_CHECK', 'CONSTR_FOREIGN'].includes(text(tree, 'contype') ?? '') &&
              tree['is_enforced'] !== true) ||
            text(tree, 'contype') === 'CONSTR_ATTR_NOT_ENFORCED'),
      );
      if (!found) continue;
      yield {
        statement,
        message: `PostgreSQL ${options.serverVersion} does not know this form, which came with 18.`,
        fix: '-- what the older version has: STORED, a CHECK that is enforced, an EXCLUDE in place of WITHOUT OVERLAPS',
      };
    }
  },
};
