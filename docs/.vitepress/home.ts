import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The first page is the README of the repository, below a title of its own. */
export function home(root: string): Record<string, unknown> {
  const [, tagline = '', sentence = '', proof = ''] =
    /^# .+\n\n([^:\n]+): (.+)\n(.+)\n/.exec(readFileSync(join(root, 'README.md'), 'utf8')) ?? [];
  if (!proof)
    throw new Error('README.md does not begin with a title, what it is, a colon, how, and its second sentence.');
  return {
    layout: 'home',
    hero: {
      name: '@tenancy',
      text: tagline,
      tagline: `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)} ${proof}`,
      actions: [
        { theme: 'brand', text: 'Quick start', link: '#use-it' },
        { theme: 'alt', text: 'With TypeORM', link: '/getting-started-typeorm.html' },
        { theme: 'alt', text: 'With Prisma', link: '/getting-started-prisma.html' },
        { theme: 'alt', text: 'Guide', link: '/guide.html' },
      ],
    },
  };
}
