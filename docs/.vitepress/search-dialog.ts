import type { Plugin } from 'vitepress';

/**
 * The search of VitePress 1.6 says that it is a button, around a field and a list of options with links in them, which a screen reader does
 * not enter. It is what it looks like here: a dialog with a field and a list of links.
 */
const REPLACED: readonly (readonly [from: string, to: string])[] = [
  [
    `role="button"
      :aria-owns="results?.length ? 'localsearch-list' : undefined"
      aria-expanded="true"
      aria-haspopup="listbox"
      aria-labelledby="localsearch-label"`,
    'role="dialog" aria-modal="true" :aria-label="buttonText"',
  ],
  [
    `:aria-activedescendant="selectedIndex > -1 ? ('localsearch-item-' + selectedIndex) : undefined"
            aria-autocomplete="both"
            :aria-controls="results?.length ? 'localsearch-list' : undefined"
            aria-labelledby="localsearch-label"`,
    ':aria-label="buttonText"',
  ],
  [
    `:role="results?.length ? 'listbox' : undefined"
          :aria-labelledby="results?.length ? 'localsearch-label' : undefined"`,
    ':aria-label="buttonText"',
  ],
  [
    `:aria-selected="selectedIndex === index ? 'true' : 'false'"
            role="option"`,
    '',
  ],
  [`:aria-label="[...p.titles, p.title].join(' > ')"`, ''],
  ['<span class="title-icon">', '<span class="title-icon" aria-hidden="true">'],
  ['<div class="search-keyboard-shortcuts">', '<div class="search-keyboard-shortcuts" aria-hidden="true">'],
];

export function searchDialog(): Plugin {
  return {
    name: 'search-dialog',
    enforce: 'pre',
    transform(code, id) {
      if (!id.endsWith('/VPLocalSearchBox.vue')) return undefined;
      return REPLACED.reduce((text, [from, to]) => {
        if (!text.includes(from)) throw new Error(`The search of VitePress has changed: ${from}`);
        return text.replace(from, to);
      }, code);
    },
  };
}
