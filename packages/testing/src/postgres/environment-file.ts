/** The text of a `.env` file, in which these variables have these values, and all others stay. */
export function withVariables(text: string, variables: Readonly<Record<string, string>>): string {
  const lines = text.split('\n').filter((line) => !(nameOf(line) in variables));
  if (lines.at(-1) === '') lines.pop();
  return [...lines, ...Object.entries(variables).map(([name, value]) => `${name}=${value}`), ''].join('\n');
}

/**
 * The variables of a `.env` file that name a server which a command of ours has not started, so that it must not take their place:
 * ours listens on loopback, and its database is `app`.
 */
export function variablesOfOthers(text: string, names: readonly string[]): string[] {
  return text
    .split('\n')
    .filter((line) => names.includes(nameOf(line)))
    .filter((line) => !/@127\.0\.0\.1:\d+\/app\s*$/.test(line))
    .map(nameOf);
}

/** The ports on loopback that these variables of a `.env` file name. */
export function portsOf(text: string, names: readonly string[]): number[] {
  const ports = text
    .split('\n')
    .filter((line) => names.includes(nameOf(line)))
    .map((line) => Number(/@127\.0\.0\.1:(\d+)\//.exec(line)?.[1]));
  return [...new Set(ports)].filter((port) => port > 0);
}

const nameOf = (line: string) => /^\s*(?:export\s+)?(\w+)\s*=/.exec(line)?.[1] ?? '';
