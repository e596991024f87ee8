import { misconfigured } from './misconfigured.js';

/** True for a name that PostgreSQL leaves to applications: words with dots between them. It finds a setting in any case. */
export function isCustomSetting(name: unknown, cases: 'lower-case' | 'any' = 'lower-case'): name is string {
  const words = /^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)+$/;
  return typeof name === 'string' && (cases === 'any' ? new RegExp(words, 'i') : words).test(name);
}

/** @throws `floor_misconfigured` where PostgreSQL would take `setting` for one of its own, or for none. */
export function requireCustomSetting(place: string, setting: unknown): void {
  if (isCustomSetting(setting)) return;
  throw misconfigured(
    `${place}: the option \`setting\` is ${JSON.stringify(setting)}, which is not a name that PostgreSQL leaves to applications. ` +
      'Use two lower-case words with a dot between them, as in `app.tenant_id`.',
  );
}
