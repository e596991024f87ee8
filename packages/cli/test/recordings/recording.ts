import { Place } from '../place.js';

/** Lines that are typed at a terminal, and the page that shows them. */
export interface Recording {
  /** From the root of the repository. It has a block of this name. */
  readonly page: string;
  readonly name: string;
  /** Files of the project, by their paths. */
  readonly files: Readonly<Record<string, string>>;
  /** The database before the first line. */
  readonly database: string;
  /** Lines as they are typed: the command, SQL by `psql`, and what a shell knows by itself. */
  readonly lines: readonly string[];
  /** Roles that the lines make. */
  readonly roles?: readonly string[];
}

const COMMAND = 'npx tenancy ';
const SQL = /^psql -c '(.*)'$/;

/** The terminal after all lines, without what is different each time. */
export async function record({ files, database, lines, roles = [] }: Recording): Promise<string> {
  const place = await Place.open();
  try {
    for (const [name, text] of Object.entries(files)) await place.file(name, text);
    await place.client.query(database);
    let said = '';
    for (const line of lines) {
      const answer = steady(await typed(line, place)).trimEnd();
      said += `$ ${line}\n${answer && `${answer}\n\n`}`;
    }
    return said.trimEnd();
  } finally {
    for (const role of roles) await place.client.query(`drop owned by ${role}; drop role ${role}`);
    await place.stop();
  }
}

async function typed(line: string, place: Place): Promise<string> {
  const [, sql] = SQL.exec(line) ?? [];
  if (sql !== undefined) {
    await place.client.query(sql);
    return '';
  }
  if (!line.startsWith(COMMAND)) return (await place.process(['sh', '-c', `${line} 2>&1`], {})).stdout;
  return (await place.shell(line.slice(COMMAND.length), { TENANCY_DATABASE_URL: place.url })).stdout;
}

/** The same text on every machine and at every load: without times, and without lines that come only where it takes long. */
function steady(text: string): string {
  return text
    .replaceAll(/, about \d+ (s|min|h) left/g, '')
    .replaceAll(/^( {2}(\d+ of about .* rows|waiting for )|\d+ of \d+ \(\d\d? %\)).*\n/gm, '');
}
