import { misconfigured } from '../errors/misconfigured.js';
import { refuseUnknown } from '../errors/refuse-unknown.js';
import { requireName, requireOptions, said } from '../errors/require-arguments.js';
import type { LintSeverity } from './rule/finding.js';
import type { LintFile, LintOptions, ResolvedLintOptions } from './rule/lint-options.js';
import { lintRules } from './rules.js';

const PLACE = 'lintMigrations';
const KNOWN = [
  'tenantColumn',
  'strategy',
  'shared',
  'hidden',
  'policies',
  'runner',
  'serverVersion',
  'since',
  'lines',
  'rules',
];

/** @throws `floor_misconfigured` for an option that is wrong or unknown. */
export function resolveLintOptions(files: readonly LintFile[], options: LintOptions): ResolvedLintOptions {
  requireFiles(files);
  requireOptions(PLACE, options);
  refuseUnknown(PLACE, options, KNOWN);
  const {
    tenantColumn = 'tenant_id',
    shared = [],
    hidden = [],
    serverVersion = 18,
    since,
    lines,
    rules = {},
  } = options;
  requireName(PLACE, 'tenantColumn', tenantColumn);
  const names = (option: string, value: unknown): ReadonlySet<string> => {
    if (Array.isArray(value) && value.every((name) => typeof name === 'string' && name !== '')) return new Set(value);
    throw misconfigured(
      `${PLACE}: the option \`${option}\` is ${said(value)}, so it is unknown which tables are meant. Pass a list of names.`,
    );
  };
  if (![15, 16, 17, 18].includes(serverVersion))
    throw misconfigured(`${PLACE}: the option \`serverVersion\` is ${said(serverVersion)}. Pass 15, 16, 17 or 18.`);
  if (since !== undefined && !files.some(({ name }) => name === since))
    throw misconfigured(
      `${PLACE}: the option \`since\` is ${said(since)}, which is no file that was given. Pass the name of one.`,
    );
  return {
    tenantColumn,
    strategy: oneOf('strategy', options.strategy ?? 'rows', ['rows', 'schemas', 'databases']),
    shared: names('shared', shared),
    hidden: names('hidden', hidden),
    policies: oneOf('policies', options.policies ?? 'compiled', ['compiled', 'in-files']),
    runner: oneOf('runner', options.runner ?? 'tenancy', ['tenancy', 'one-transaction']),
    serverVersion,
    since,
    lines,
    severities: severitiesOf(rules),
  };
}

function requireFiles(files: readonly LintFile[]): void {
  const isFile = (file: unknown) =>
    typeof file === 'object' &&
    file !== null &&
    typeof (file as LintFile).name === 'string' &&
    typeof (file as LintFile).sql === 'string';
  if (Array.isArray(files) && files.every(isFile)) return;
  throw misconfigured(`${PLACE}: its first argument is no list of files. Pass an array of \`{ name, sql }\`.`);
}

function oneOf<Value extends string>(option: string, value: Value, values: readonly Value[]): Value {
  if (values.includes(value)) return value;
  throw misconfigured(
    `${PLACE}: the option \`${option}\` is ${said(value)}. Pass ${values.map((one) => `'${one}'`).join(' or ')}.`,
  );
}

function severitiesOf(rules: NonNullable<LintOptions['rules']>): ReadonlyMap<string, LintSeverity> {
  requireOptions(`${PLACE}: \`rules\``, rules);
  refuseUnknown(
    `${PLACE}: \`rules\``,
    rules,
    lintRules.map(({ name }) => name),
  );
  const severities = new Map<string, LintSeverity>();
  for (const { name, severity, isOn = true } of lintRules) {
    const level = rules[name];
    if (level !== undefined) oneOf(`rules.${name}`, level, ['error', 'warn', 'off']);
    if (level === 'off' || (level === undefined && !isOn)) continue;
    severities.set(name, level === undefined ? severity : level === 'warn' ? 'warning' : 'error');
  }
  return severities;
}
