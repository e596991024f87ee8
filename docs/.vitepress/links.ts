import { existsSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { MarkdownRenderer } from 'vitepress';
import { onSite } from './places.ts';
import { sourcePath } from './sources.ts';

/**
 * Links stand in pages as a code host follows them, from file to file. On the site one to a page leads to its place there, one to a
 * folder to its README, and one to a source file to that file, which `linked` is told.
 */
export function followFiles(md: MarkdownRenderer, root: string, linked: Set<string>): void {
  md.core.ruler.push('follow_files', ({ tokens, env }) => {
    const page: string = env.realPath ?? env.path;
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      const href = token.type === 'link_open' ? token.attrGet('href') : null;
      if (href !== null && !/^(?:[a-z]+:|#|\/)/i.test(href))
        token.attrSet('href', onSiteFrom(page, href, root, linked));
    }
  });
}

function onSiteFrom(page: string, href: string, root: string, linked: Set<string>): string {
  const [path = '', heading] = href.split('#');
  const hash = heading === undefined ? '' : `#${heading}`;
  const target = join(dirname(page), decodeURI(path));
  const file = existsSync(target) && statSync(target).isDirectory() ? join(target, 'README.md') : target;
  // One that leads nowhere stays as it is, and the build says so.
  if (!existsSync(file)) return href;
  const inRepository = relative(root, file);
  if (file.endsWith('.md')) return `/${onSite(inRepository)}${hash}`;
  linked.add(inRepository);
  return `/${sourcePath(inRepository)}`;
}
