import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { oxlintRules, withRules } from './lint-config.js';

const IMPORT = "import { tenancyConfig } from '@tenancy/core/eslint';\n";
const REQUIRE = "const { tenancyConfig } = require('@tenancy/core/eslint');\n";

describe('the lint rules become the last configuration of the list', () => {
  it.each([
    ['eslint.config.mjs', 'export default [];', `${IMPORT}\nexport default [tenancyConfig()];`],
    ['eslint.config.mjs', 'export default [a];', `${IMPORT}\nexport default [a, tenancyConfig()];`],
    ['eslint.config.mjs', 'export default [\n  a,\n];', `${IMPORT}\nexport default [\n  a,\n  tenancyConfig(),\n];`],
    [
      'eslint.config.mjs',
      'export default defineConfig([a]);',
      `${IMPORT}\nexport default defineConfig([a, tenancyConfig()]);`,
    ],
    [
      'eslint.config.mjs',
      'export default ts.config(a, b);',
      `${IMPORT}\nexport default ts.config(a, b, tenancyConfig());`,
    ],
    [
      'eslint.config.ts',
      'const all = [a];\nexport default all;',
      `${IMPORT}\nconst all = [a, tenancyConfig()];\nexport default all;`,
    ],
    ['eslint.config.js', 'module.exports = [a];', `${REQUIRE}module.exports = [a, tenancyConfig()];`],
    [
      'eslint.config.cjs',
      "'use strict';\nmodule.exports = [];",
      `${REQUIRE}'use strict';\nmodule.exports = [tenancyConfig()];`,
    ],
  ])('%s: %s', (path, text, expected) => {
    expect(withRules(ts, path, text, false)).toBe(expected);
  });

  it.each(['export default make();', 'export const a = [];', 'module.exports = { rules: {} };'])(
    'not where there is none: %s',
    (text) => {
      expect(withRules(ts, 'eslint.config.js', text, true)).toBeNull();
    },
  );
});

it('oxlint gets the one rule that it has, once, and not over one that is there', () => {
  const rules = oxlintRules('{ "rules": { "a": "off" }, "overrides": [] }');
  expect(JSON.parse(rules ?? '')).toMatchObject({
    rules: { a: 'off', 'no-restricted-imports': ['error', { patterns: [{ group: ['@tenancy/*/admin'] }] }] },
    overrides: [{ files: ['src/admin/**'], rules: { 'no-restricted-imports': 'off' } }],
  });
  expect(oxlintRules(rules ?? '')).toBeUndefined();
  expect(oxlintRules('{ "rules": { "no-restricted-imports": "error" } }')).toBeNull();
  expect(oxlintRules('{ // a comment')).toBeNull();
});
