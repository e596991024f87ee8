// Before a package is packed, in its folder: the changelog goes with it, and what that links to is in the repository alone.
import { readFileSync, writeFileSync } from 'node:fs';

const text = readFileSync(new URL('CHANGELOG.md', import.meta.url), 'utf8');
writeFileSync('CHANGELOG.md', text.replaceAll(/\[([^\]]+)\]\((?!https?:)[^)]*\)/g, '$1'));
