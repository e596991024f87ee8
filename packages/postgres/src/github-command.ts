/** A finding as GitHub Actions shows it. */
export interface GithubFinding {
  readonly level: 'error' | 'warning' | 'notice';
  /** Properties such as `file`, `line` and `title`. */
  readonly properties: Readonly<Record<string, string | number>>;
  readonly message: string;
}

/** A command of GitHub Actions; what would end its message or a property is written in another way. */
export function githubCommand({ level, properties, message }: GithubFinding): string {
  const data = (value: string) => value.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
  const property = (value: string) => data(value).replaceAll(':', '%3A').replaceAll(',', '%2C');
  const place = Object.entries(properties).map(([name, value]) => `${name}=${property(String(value))}`);
  return `::${level} ${place.join(',')}::${data(message)}\n`;
}
