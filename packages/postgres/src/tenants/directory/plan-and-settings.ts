import { TenantsError } from '../tenants-error.js';
import type { SettingsSchema, SettingsVerdict } from './directory-options.js';

/** @throws TenantsError `tenant_settings_refused` where there is no such plan. */
export function checkedPlan(plan: string | null, plans: readonly string[] | undefined): void {
  if (plan === null || plans === undefined || plans.includes(plan)) return;
  throw new TenantsError(
    'tenant_settings_refused',
    `there is no plan of this name. Nothing was done. There are ${plans.join(', ')}.`,
  );
}

/**
 * The settings as they are written.
 *
 * @throws TenantsError `tenant_settings_refused` where they are no object, or their schema refuses them.
 */
export async function checkedSettings<Settings>(
  settings: unknown,
  schema: SettingsSchema<Settings> | undefined,
): Promise<object> {
  const verdict: SettingsVerdict<unknown> =
    schema === undefined ? { value: settings } : await schema['~standard'].validate(settings);
  if (verdict.issues !== undefined) {
    const said = verdict.issues.map(({ message }) => message).join('; ');
    throw new TenantsError('tenant_settings_refused', `the settings are refused: ${said}. Nothing was done.`);
  }
  const { value } = verdict;
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw refused('are no object. Nothing was done. Pass one.');
  return keptAsJson(value);
}

/** NUL, and half of a pair of surrogates, as JSON.stringify writes them: behind an odd number of backslashes. */
const LOST = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/;

/** The settings as they come back, which are those that are written. */
function keptAsJson(settings: object): object {
  let text: string;
  try {
    text = JSON.stringify(settings);
  } catch (cause) {
    throw refused('cannot be written as JSON; see the cause. Nothing was done.', cause);
  }
  const kept: unknown = JSON.parse(text ?? 'null');
  if (typeof kept !== 'object' || kept === null || Array.isArray(kept))
    throw refused('are no object in JSON. Nothing was done.');
  if (!LOST.test(text)) return kept;
  throw refused('hold a NUL or half a character, which PostgreSQL does not keep. Nothing was done. Take it out.');
}

/** @throws TenantsError `tenant_settings_refused` for a name that is no text that PostgreSQL keeps. */
export function checkedName(name: unknown): void {
  if (typeof name === 'string' && name.isWellFormed() && !name.includes('\0')) return;
  throw new TenantsError(
    'tenant_settings_refused',
    'the name is no well-formed text without NUL. Nothing was done. Pass another one.',
  );
}

function refused(why: string, cause?: unknown): TenantsError {
  return new TenantsError('tenant_settings_refused', `the settings ${why}`, cause === undefined ? {} : { cause });
}
