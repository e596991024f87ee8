import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { headingAnchor } from '../../docs/.vitepress/heading-anchor.ts';
import { onSite, SECTIONS } from '../../docs/.vitepress/places.ts';
import { isShown } from '../../docs/.vitepress/sources.ts';
import { pages } from './blocks.ts';
import { root } from './repository.ts';

const placed = SECTIONS.flatMap(({ pages: its }) => its.map(([file]) => file));

describe('the site', () => {
  it('has a place for every page, and a page for every place', () => {
    expect(placed.length).toBeGreaterThan(50);
    expect(placed.toSorted()).toEqual(pages.toSorted());
  });

  it('puts no two pages, and no two names of a section, in one place', () => {
    const paths = pages.map(onSite);
    expect(new Set(paths).size).toBe(paths.length);
    for (const { name, pages: its } of SECTIONS) {
      expect(new Set(its.map(([, text]) => text)).size, name).toBe(its.length);
    }
  });

  it('has the sections in the order in which a reader comes by', () => {
    expect(SECTIONS.map(({ name }) => name)).toEqual([
      ...['Start', 'Concepts', 'Entrances', 'Exits', 'Databases', 'Operating', 'Testing', 'Reference', 'Decisions'],
    ]);
  });
});

it.each(pages)('%s begins with its one title, and leaves out no level of headings', (page) => {
  const text = readFileSync(join(root, page), 'utf8').replaceAll(/^ *```[\s\S]*?^ *```/gm, '');
  const levels = [...text.matchAll(/^(#+) /gm)].map(([, marks = '']) => marks.length);
  expect(levels.filter((level) => level === 1)).toEqual([1]);
  expect(levels[0]).toBe(1);
  expect(levels.filter((level, at) => level > (levels[at - 1] ?? 0) + 1)).toEqual([]);
});

it('shows every kind of file that a page links to', () => {
  const linked = pages.flatMap((page) => {
    const links = readFileSync(join(root, page), 'utf8').matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g);
    return [...links].map(([, path = '']) => join(dirname(page), path));
  });
  const files = linked.filter((file) => existsSync(join(root, file)) && statSync(join(root, file)).isFile());
  expect(files.length).toBeGreaterThan(500);
  expect(files.filter((file) => !file.endsWith('.md') && !isShown(file))).toEqual([]);
});

it('the anchor of a heading is the one that code hosts make', () => {
  expect(['What it costs', '`bind`, and `run`', 'Into an application that is there'].map(headingAnchor)).toEqual([
    'what-it-costs',
    'bind-and-run',
    'into-an-application-that-is-there',
  ]);
});
