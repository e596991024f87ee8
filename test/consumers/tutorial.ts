import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { freePort } from '../../packages/postgres/test/database/free-port.ts';
import { type Block, blocksOf, placeOf } from '../docs/blocks.ts';
import { commandsOf } from '../docs/shell.ts';
import { environment } from '../pnpm.ts';
import { type LocalRegistry, localRegistry, npmConfiguration } from './local-registry.ts';
import { differs, patched } from './printed.ts';
import { Running, type Terminal, typed } from './terminal.ts';

/** Commands that a page may ask for, from an empty folder to an application that is proven. */
const MOST_COMMANDS = 15;

/** The lines of a block that are for this Nest: the others have a comment that names the other. */
const linesFor = (code: string, nest: string) =>
  code
    .split('\n')
    .filter((line) => (/ (?:#|\/\/) Nest (\d+)\b/.exec(line)?.[1] ?? nest) === nest)
    .join('\n');

/**
 * Does what a page says, on a version of Nest, in an empty folder: writes the files that blocks name in their first line, applies
 * diffs to them, runs commands as they are printed, and compares what is printed below them with what comes.
 */
export function describeTutorial(page: string, nest: '11' | '12'): void {
  describe(`${page} on Nest ${nest}`, () => {
    const blocks = blocksOf(page);
    const folder = join(inject('outside'), `${page.replaceAll(/\W/g, '-')}-${nest}`);
    let registry: LocalRegistry;
    let reader: Reader;

    beforeAll(async () => {
      await mkdir(folder, { recursive: true });
      registry = await localRegistry(inject('tarballs'));
      await npmConfiguration(`${folder}.npmrc`, registry);
      reader = new Reader(nest, folder, await freePort());
    });
    afterAll(async () => {
      await reader?.end();
      await registry?.stop();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    });

    it(`takes ${MOST_COMMANDS} commands or fewer`, () => {
      const typedIn = blocks.filter(({ language }) => language === 'sh').map(({ code }) => linesFor(code, nest));
      expect(typedIn.flatMap(commandsOf).filter(({ words }) => words.length > 0).length).toBeLessThanOrEqual(
        MOST_COMMANDS,
      );
    });

    it('does what it says, and prints what it shows', async () => {
      const skipped: string[] = [];
      for (const [at, block] of blocks.entries()) {
        try {
          if (!(await reader.does(block, blocks[at + 1]))) skipped.push(placeOf(block));
        } catch (cause) {
          throw new Error(`${placeOf(block)}: ${cause instanceof Error ? cause.message : cause}`, { cause });
        }
      }
      expect(skipped).toEqual([]);
    });
  });
}

/** A person in front of terminals and an editor. */
class Reader {
  readonly #nest: string;
  readonly #port: number;
  readonly #fresh: NodeJS.ProcessEnv;
  readonly #running: Running[] = [];
  #terminal: Terminal;

  constructor(nest: string, folder: string, port: number) {
    this.#nest = nest;
    this.#port = port;
    const { CI: _, DATABASE_URL: __, ADMIN_DATABASE_URL: ___, ...own } = environment();
    this.#fresh = {
      ...own,
      PORT: String(port),
      npm_config_userconfig: `${folder}.npmrc`,
      // Prisma downloads an engine that generating does not need, unless one is named.
      PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
    };
    this.#terminal = { folder, env: this.#fresh };
  }

  /** @returns false where the block is nothing that can be done. */
  async does(block: Block, next: Block | undefined): Promise<boolean> {
    const { language, code } = block;
    if (language === 'text') return true;
    const shown = next?.language === 'text' ? next.code.replaceAll('localhost:3000', `localhost:${this.#port}`) : null;
    if (language === 'sh') await this.#types(linesFor(code, this.#nest).trim(), shown);
    else return this.#edits(block);
    return true;
  }

  async #types(code: string, shown: string | null): Promise<void> {
    if (/^# .*Ctrl-C/.test(code)) {
      const ended = this.#running.pop();
      await ended?.interrupt();
      if (ended) this.#terminal = ended.terminal;
    }
    const command = code.replaceAll('localhost:3000', `localhost:${this.#port}`);
    if (/# leave it running/.test(code)) {
      const running = new Running(this.#terminal, command);
      this.#running.push(running);
      if (shown === null) throw new Error('The page does not say what is printed when it is there.');
      await running.until((output) => differs(shown, output) === null);
      this.#terminal = { folder: this.#terminal.folder, env: this.#fresh };
      return;
    }
    const { terminal, code: exit, stdout, output } = await typed(this.#terminal, command);
    this.#terminal = terminal;
    const fails = / # .*\bfails\b/.test(code);
    if ((exit === 0) === fails) throw new Error(`${command}\nended with ${exit}:\n${output}`);
    const wrong = shown === null ? null : differs(shown, /^…$/m.test(shown) ? output : stdout);
    if (wrong !== null) throw new Error(`${command}\n${wrong}`);
  }

  async #edits({ code }: Block): Promise<boolean> {
    const [, name] = /^ ?(?:\/\/|--) ([\w./-]+)\n/.exec(code) ?? [];
    if (name === undefined) return false;
    const file = join(this.#terminal.folder, name);
    await mkdir(dirname(file), { recursive: true });
    const isDiff = /^[-+]/m.test(code.replaceAll(/^--.*$/gm, ''));
    const text = isDiff ? patched(await readFile(file, 'utf8'), code) : linesFor(code, this.#nest);
    // As the page says it.
    await writeFile(file, this.#nest === '11' ? text.replaceAll(/(from '\.[^']+)\.js'/g, "$1'") : text);
    return true;
  }

  async end(): Promise<void> {
    for (const running of this.#running.splice(0).toReversed()) await running.interrupt();
  }
}
