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
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new TenantsError('tenant_settings_refused', 'the settings are no object. Nothing was done. Pass one.');
}
