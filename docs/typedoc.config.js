// The reference, from the sources: a page for each entry of each package, as its `exports` name them.
import { readFileSync } from 'node:fs';

const PACKAGES = ['core', 'postgres', 'prisma', 'typeorm', 'testing', 'cli'];

const entries = PACKAGES.flatMap((name) => {
  const { exports } = JSON.parse(readFileSync(new URL(`../packages/${name}/package.json`, import.meta.url), 'utf8'));
  return Object.keys(exports)
    .filter((subpath) => !subpath.endsWith('.json'))
    .map((subpath) => `../packages/${name}/src/${subpath === '.' ? 'index' : subpath.slice('./'.length)}.ts`);
});

/** @type {Partial<import('typedoc').TypeDocOptions & import('typedoc-plugin-markdown').PluginOptions>} */
export default {
  plugin: ['typedoc-plugin-markdown', './reference-plugin.js'],
  name: 'Reference',
  tsconfig: 'tsconfig.reference.json',
  entryPoints: entries,
  out: 'generated/reference',
  outputFileStrategy: 'modules',
  excludeInternal: true,
  excludePrivate: true,
  excludeProtected: true,
  // Of `Error`, of Node: documented where they are.
  excludeExternals: true,
  readme: 'none',
  treatWarningsAsErrors: true,
  disableSources: true,
  // Types are checked by `typecheck`.
  skipErrorChecking: true,
  hidePageHeader: true,
  hideBreadcrumbs: true,
  useHTMLEncodedBrackets: true,
  useCustomAnchors: true,
  // Headings of parameters have names too.
  anchorPrefix: 'api-',
};
