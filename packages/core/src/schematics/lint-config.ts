import type ts from 'typescript';
import { bare, edited, jsonLike, literalOf, parse, type TypeScript } from './edit.js';
import { addedImports } from './imports.js';
import { type Told, type Tree, textOf } from './workspace.js';

const FLAT = ['js', 'mjs', 'cjs', 'ts', 'mts', 'cts'].map((ending) => `eslint.config.${ending}`);
const OXLINT = '.oxlintrc.json';
const ADMIN = '@tenancy/*/admin';

/** Adds the lint rules to the configuration that there is, once. */
export function addLintRules(ts: TypeScript, tree: Tree, told: Told, isEsm: boolean): void {
  const path = FLAT.find((file) => tree.exists(file));
  const text = path && textOf(tree, path);
  if (path && text) {
    if (text.includes('@tenancy/core/eslint')) return;
    const changed = withRules(ts, path, text, isEsm);
    if (changed === null) {
      told.left(
        `Add the lint rules to ${path}, whose list of configurations was not found: import { tenancyConfig } from '@tenancy/core/eslint', and tenancyConfig() as one of them.`,
      );
      return;
    }
    tree.overwrite(path, changed);
    told.changed(`${path}: the lint rules of @tenancy/core/eslint`);
    return;
  }
  if (!tree.exists(OXLINT)) {
    told.left(
      "There is no flat configuration of ESLint. Where you have one, add tenancyConfig() of '@tenancy/core/eslint' to it.",
    );
    return;
  }
  const rules = oxlintRules(tree.readText(OXLINT));
  if (rules === undefined) return;
  if (rules === null) {
    told.left(
      `Forbid imports of ${ADMIN} outside src/admin in ${OXLINT}, which has such a rule already or is no JSON.`,
    );
    return;
  }
  tree.overwrite(OXLINT, rules);
  told.changed(`${OXLINT}: the admin clients are imported in src/admin alone`);
}

/** The configuration with the rules as the last of its list; null where no list is found. */
export function withRules(ts: TypeScript, path: string, text: string, isEsm: boolean): string | null {
  const source = parse(ts, path, text);
  const exported = exportedValue(ts, source);
  const list = exported && listOf(ts, exported);
  if (!list) return null;
  const isCommonJs = /\.c[jt]s$/.test(path) || (!isEsm && /\.js$/.test(path) && text.includes('module.exports'));
  const last = list.at(-1);
  const at = last ? last.end : list.pos;
  const rule = 'tenancyConfig()';
  const line = last && source.text.slice(source.text.lastIndexOf('\n', last.getStart()) + 1, last.getStart());
  const isOwnLine = last && list.length > 0 && source.text.slice(list.pos, last.getStart()).includes('\n');
  const entry = isOwnLine ? `,\n${/^\s*/.exec(line ?? '')?.[0] ?? ''}${rule}` : last ? `, ${rule}` : rule;
  const required = "const { tenancyConfig } = require('@tenancy/core/eslint');\n";
  const importing = isCommonJs
    ? { at: source.statements[0]?.getStart() ?? 0, text: required }
    : addedImports(ts, source, ["import { tenancyConfig } from '@tenancy/core/eslint'"]);
  return edited(text, [importing, { at, text: entry }]);
}

function exportedValue(ts: TypeScript, source: ts.SourceFile): ts.Expression | null {
  for (const statement of source.statements) {
    if (ts.isExportAssignment(statement)) return literalOf(ts, statement.expression);
    if (!ts.isExpressionStatement(statement) || !ts.isBinaryExpression(statement.expression)) continue;
    const { left, right } = statement.expression;
    if (left.getText() === 'module.exports') return literalOf(ts, right);
  }
  return null;
}

/** The list itself, or the arguments of `defineConfig`, `tseslint.config` and the like; a list in them first. */
function listOf(ts: TypeScript, exported: ts.Expression): ts.NodeArray<ts.Expression> | null {
  const value = bare(ts, exported);
  if (ts.isArrayLiteralExpression(value)) return value.elements;
  if (!ts.isCallExpression(value) || !/(?:^|\.)(?:defineConfig|config)$/.test(value.expression.getText())) return null;
  const [only, ...more] = value.arguments;
  return only && more.length === 0 && ts.isArrayLiteralExpression(only) ? only.elements : value.arguments;
}

interface OxlintConfiguration {
  rules?: Record<string, unknown>;
  overrides?: { files: string[]; rules: Record<string, unknown> }[];
}

/** The configuration with a rule as `no-admin-import`; undefined where it is there, null where it cannot be added. */
export function oxlintRules(text: string): string | null | undefined {
  if (text.includes(ADMIN)) return undefined;
  let configuration: OxlintConfiguration;
  try {
    configuration = JSON.parse(text) as OxlintConfiguration;
  } catch {
    return null;
  }
  const rule = 'no-restricted-imports';
  if (configuration.rules && rule in configuration.rules) return null;
  const message = 'It breaks out of the tenant. Import it in src/admin, and export a narrow function there.';
  configuration.rules = {
    ...configuration.rules,
    [rule]: ['error', { patterns: [{ group: [ADMIN], message }] }],
  };
  const admin = { files: ['src/admin/**'], rules: { [rule]: 'off' } };
  configuration.overrides = [...(configuration.overrides ?? []), admin];
  return jsonLike(text, configuration);
}
