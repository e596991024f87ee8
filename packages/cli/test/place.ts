import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createDatabase } from '@tenancy/testing/postgres';
import pg from 'pg';
import { inject } from 'vitest';

const home = join(import.meta.dirname, '..');
export const BIN = join(home, 'bin/tenancy.js');

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Told the process, and what has come so far, each time that something comes. */
  readonly watch?: (child: ChildProcess, said: string) => void;
}

/** A project with a database of its own, in which the command is called as its users call it. */
export class Place {
  private constructor(
    readonly folder: string,
    readonly url: string,
    readonly client: pg.Client,
    private readonly stops: () => Promise<unknown>,
  ) {}

  static async open(): Promise<Place> {
    const database = await createDatabase(inject('postgresUrl'));
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'tenancy-cli-')));
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await mkdir(join(folder, 'node_modules/@tenancy'), { recursive: true });
    await symlink(home, join(folder, 'node_modules/@tenancy/cli'));
    for (const name of ['@tenancy/core', '@tenancy/postgres', 'pg']) {
      await symlink(join(home, 'node_modules', name), join(folder, 'node_modules', name));
    }
    return new Place(folder, database.url, client, async () => {
      await client.end();
      await Promise.all([database.stop(), rm(folder, { recursive: true })]);
    });
  }

  stop = () => this.stops();

  async file(name: string, text: string): Promise<void> {
    const path = join(this.folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }

  /** A configuration with the schema of each of `tenants`, named by its id, and further source of the object. */
  async schemas(tenants: readonly string[], more = ''): Promise<void> {
    await this.file(
      'tenancy.config.mjs',
      `import { defineConfig } from '@tenancy/cli';
import { eachSchema } from '@tenancy/postgres/migrations';
const tenants = ${JSON.stringify(tenants)}.map((id) => ({ id, slug: id }));
export default defineConfig({
  connection: ${JSON.stringify(this.url)},
  directory: 'migrations',
  targets: eachSchema({ tenants, name: ({ id }) => id }),
  ${more}
});\n`,
    );
  }

  run(args: string | readonly string[], { cwd = this.folder, env = {}, watch }: RunOptions = {}): Promise<Outcome> {
    return this.process([process.execPath, BIN, ...wordsOf(args)], {
      cwd,
      env,
      ...(watch && { watch }),
    });
  }

  /** As {@link run}, on a terminal of its own; everything comes on its stdout. */
  onTerminal(args: string | readonly string[], { env = {}, watch }: RunOptions = {}): Promise<Outcome> {
    const line = [process.execPath, BIN, ...wordsOf(args)]
      .map((word) => `'${word.replaceAll("'", "'\\''")}'`)
      .join(' ');
    return this.process(['script', '-qec', `stty cols 100 rows 30; exec ${line}`, '/dev/null'], {
      env,
      ...(watch && { watch }),
    });
  }

  /** As {@link run}, as a shell reads the words of `line`; what comes on stderr is on its stdout, in the order in which it came. */
  shell(line: string, env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
    return this.process(['sh', '-c', `exec "$0" "$1" ${line} 2>&1`, process.execPath, BIN], { env });
  }

  process(
    [file = '', ...args]: readonly string[],
    { cwd = this.folder, env = {}, watch }: RunOptions,
  ): Promise<Outcome> {
    const { PATH, TERM = 'xterm' } = process.env;
    const child = spawn(file, args, { cwd, env: { PATH, TERM, ...env } });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      watch?.(child, stdout + stderr);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      watch?.(child, stdout + stderr);
    });
    if (!watch) child.stdin.end();
    return new Promise((resolve, reject) => {
      child.on('error', reject).on('close', (code) => resolve({ code, stdout, stderr }));
    });
  }

  /** Tables of each schema but `public`, in a form that is easy to compare. */
  async tables(): Promise<readonly string[]> {
    const { rows } = await this.client.query<{ name: string }>(
      `select n.nspname || '.' || c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where c.relkind = 'r' and n.nspname !~ '^pg_|information_schema' and c.relname !~ '^tenancy_' order by 1`,
    );
    return rows.map(({ name }) => name);
  }
}

/** The words of a command line; a text with spaces in one of them comes as a list. */
function wordsOf(args: string | readonly string[]): readonly string[] {
  return typeof args === 'string' ? args.split(' ').filter(Boolean) : args;
}

/** The objects of an output in JSON; each line must be one. */
export function objects(stdout: string): readonly Readonly<Record<string, unknown>>[] {
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}
