import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type DefaultTheme, defineConfig } from 'vitepress';
import { emptyHeadings } from './empty-headings.ts';
import { headingAnchor } from './heading-anchor.ts';
import { home } from './home.ts';
import { followFiles } from './links.ts';
import { onSite, REFERENCE, SECTIONS } from './places.ts';
import { searchDialog } from './search-dialog.ts';
import { writeSources } from './sources.ts';

const root = resolve(import.meta.dirname, '../..');
const base = process.env['DOCS_BASE'] ?? '/';
const manifestOf = (name: string) => JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'));
const PACKAGES = ['core', 'postgres', 'prisma', 'typeorm', 'testing', 'cli'];
const referenceOf = (name: string, subpath = '') => `/${onSite(`${REFERENCE}@tenancy/${name}${subpath}.md`)}`;
const { version } = manifestOf('core');

/** Source files that a page links to, as they are found. */
const linked = new Set<string>();

const sidebar: DefaultTheme.SidebarItem[] = SECTIONS.map(({ name, pages }) => ({
  text: name,
  items: [
    ...pages.map(([file, text]) => ({ text, link: `/${onSite(file)}` })),
    ...(name === 'Reference' ? PACKAGES.map((one) => ({ text: `API of ${one}`, link: referenceOf(one) })) : []),
  ],
}));

/** Beside the reference: every entry of every package. */
const reference: DefaultTheme.SidebarItem[] = [
  {
    text: 'All pages',
    items: [
      { text: 'What it is', link: '/' },
      { text: 'Guide', link: '/guide.md' },
    ],
  },
  ...PACKAGES.map((one) => ({
    text: `@tenancy/${one}`,
    items: Object.keys(manifestOf(one).exports)
      .filter((subpath) => !subpath.endsWith('.json'))
      .map((subpath) => ({
        text: subpath === '.' ? `@tenancy/${one}` : subpath.slice(1),
        link: referenceOf(one, subpath.slice(1)),
      })),
  })),
];

export default defineConfig({
  lang: 'en',
  title: '@tenancy',
  description: 'Multi-tenancy for NestJS that cannot be forgotten',
  base,
  srcDir: root,
  // Pages are where the repository has them. What is no page: what was installed or built, and what is packed of the changelog.
  srcExclude: ['**/{src,test,schematics,coverage}/**', '.*/**', 'packages/*/CHANGELOG.md'],
  rewrites: onSite,
  cacheDir: join(root, 'docs/node_modules/.vitepress'),
  ignoreDeadLinks: [/^\/source\//],
  markdown: {
    anchor: { slugify: headingAnchor },
    headers: { slugify: headingAnchor },
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    config: (md) => {
      followFiles(md, root, linked);
      emptyHeadings(md);
    },
  },
  transformPageData(page) {
    if (page.relativePath === 'index.md') page.frontmatter = { ...page.frontmatter, ...home(root) };
  },
  vite: {
    // Pages of other folders have no Vue beside them: the site's own renders them.
    plugins: [
      {
        name: 'vue-of-the-site',
        enforce: 'pre',
        resolveId: (id, _importer, { ssr }) => (ssr && /^vue(?:\/|$)/.test(id) ? { id, external: true } : undefined),
      },
      searchDialog(),
    ],
    build: { chunkSizeWarningLimit: 4_000 },
  },
  transformHtml: (html) =>
    html.includes('<main') ? html : html.replace('id="VPContent"', 'id="VPContent" role="main"'),
  buildEnd: ({ outDir }) => writeSources(root, linked, outDir, base),
  themeConfig: {
    nav: [
      { text: 'Guide', link: '/guide.md' },
      { text: 'Errors', link: '/errors.md' },
      { text: 'Reference', link: '/reference/index.md' },
      {
        text: version,
        items: [
          { text: 'Changelog', link: '/changelog.md' },
          { text: 'Versions and support', link: '/versions.md' },
        ],
      },
    ],
    sidebar: { '/': sidebar, '/reference/': reference },
    outline: [2, 3],
    notFound: {
      title: 'There is no such page',
      quote: 'It may have another name now. The search knows all of them.',
      linkText: 'To the first page',
      linkLabel: 'To the first page',
    },
    search: {
      provider: 'local',
      options: {
        miniSearch: {
          searchOptions: {
            // The page that explains a code or an option before those that mention it.
            boostDocument: (id: string) =>
              /\/errors\.html/.test(id)
                ? 4
                : /\/(?:changelog|measurements|traps|typeorm-enumeration)\.html/.test(id)
                  ? 0.2
                  : 1,
          },
        },
      },
    },
    footer: { message: 'MIT licensed.' },
  },
});

if (!existsSync(join(root, REFERENCE)))
  throw new Error('The reference is missing: npx pnpm@12 --filter docs reference');
