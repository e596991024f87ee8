import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The file of a script; null for what Node brings itself, for what has no file, and for what was installed. */
export function fileOfScript(url: string): string | null {
  const file = pathOf(url);
  return file === null || /[\\/]node_modules[\\/]/.test(file) ? null : file;
}

function pathOf(url: string): string | null {
  const [plain = ''] = url.split('?');
  if (plain.startsWith('file://')) return fileURLToPath(plain);
  if (!/^(?:\/|[a-z]:[\\/])/i.test(plain)) return null;
  // A path may have a question mark of its own.
  return existsSync(url) ? url : plain;
}

const TESTS = /\.(?:test|spec|e2e|e2e-spec)\.[cm]?[jt]sx?$|-(?:test|spec)\.[cm]?[jt]sx?$|[\\/]__(?:tests|mocks)__[\\/]/;
const GENERATED_PLACE = /[\\/](?:generated|__generated__)[\\/]|\.(?:gen|generated)\.[cm]?[jt]s$/;
const GENERATED = /@generated\b|\bauto-?generated\b|do not edit/i;
const FOLDER_OF_TESTS = /(?:^|[\\/])(?:tests?|e2e)[\\/]/;

/**
 * True for a file that somebody wrote for the application: no test, nothing of this library, nothing that a tool generated. In a
 * folder of tests only what holds a class of the application's.
 */
export function isOfApplication(file: string, text: string, holdsClass: () => boolean): boolean {
  if (TESTS.test(file) || GENERATED_PLACE.test(file) || /[\\/]node_modules[\\/]/.test(file)) return false;
  if (GENERATED.test(text.slice(0, 400))) return false;
  const { folder, name } = packageOf(file);
  const inside = relative(folder, file);
  if (name.startsWith('@tenancy/') && /^(?:src|dist)[\\/]/.test(inside)) return false;
  return !FOLDER_OF_TESTS.test(inside) || holdsClass();
}

/** The folder of the nearest `package.json`, and the name that it gives. */
function packageOf(file: string): { readonly folder: string; readonly name: string } {
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
    const known = packages.get(folder);
    if (known) return known;
    if (!existsSync(join(folder, 'package.json'))) continue;
    const { name = '' } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name?: string };
    const found = { folder, name };
    packages.set(folder, found);
    return found;
  }
  return { folder: process.cwd(), name: '' };
}

const packages = new Map<string, { readonly folder: string; readonly name: string }>();
