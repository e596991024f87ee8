import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';

/** The program, or `undefined` where it is not installed. `CHROMIUM` names another. */
export const program =
  process.env['CHROMIUM'] ??
  (process.env['PATH'] ?? '')
    .split(delimiter)
    .flatMap((folder) => ['chromium', 'chromium-browser', 'google-chrome'].map((name) => join(folder, name)))
    .find((path) => existsSync(path));

export const title = program
  ? 'the page in Chromium'
  : 'the page in Chromium (skipped: install it with `apt-get install chromium`, or name one in CHROMIUM)';

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

type Answer = Record<string, unknown>;

/** Chromium without a window, spoken to over a pipe: nothing listens on a port. */
export class Chromium {
  readonly #waiting = new Map<number, { resolve(answer: Answer): void; reject(error: Error): void }>();
  readonly #process: ChildProcess;
  readonly #folder: string;
  readonly #exited: Promise<void>;
  #session: string | undefined;
  #count = 0;
  #loaded: (() => void) | undefined;
  /** URLs that the page has asked for. */
  readonly requested: string[] = [];
  /** Lines of the console: errors, and refusals of the page's policy. */
  readonly complaints: string[] = [];

  private constructor(process: ChildProcess, folder: string) {
    this.#process = process;
    this.#folder = folder;
    this.#exited = new Promise((resolve) => {
      process.once('exit', () => {
        for (const { reject } of this.#waiting.values()) reject(new Error('Chromium has ended.'));
        resolve();
      });
    });
    let rest = '';
    const answers = process.stdio[4] as Readable;
    answers.setEncoding('utf8').on('data', (text: string) => {
      const messages = (rest + text).split('\0');
      rest = messages.pop() ?? '';
      for (const message of messages) this.#receive(JSON.parse(message) as Message);
    });
  }

  static async start(): Promise<Chromium> {
    if (!program) throw new Error('Chromium is not installed.');
    const folder = await mkdtemp(join(tmpdir(), 'report-'));
    const quiet = ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'];
    const more = ['--disable-component-update', '--disable-sync', '--disable-quic', '--remote-debugging-pipe'];
    const started = spawn(program, [...quiet, ...more, `--user-data-dir=${join(folder, 'profile')}`, 'about:blank'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
      // It leaves a folder of its own behind where it is killed.
      env: { ...process.env, TMPDIR: folder },
    });
    const chromium = new Chromium(started, folder);
    const { targetId } = await chromium.send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await chromium.send('Target.attachToTarget', { targetId, flatten: true });
    chromium.#session = String(sessionId);
    for (const domain of ['Page', 'Runtime', 'Network', 'Log']) await chromium.send(`${domain}.enable`);
    return chromium;
  }

  /** Opens the markup as a file, as a reviewer does, and forgets what the page before it has done. */
  async open(markup: string): Promise<void> {
    const file = join(this.#folder, 'report.html');
    await writeFile(file, markup);
    // A page of its own, or a fragment would be all that differs.
    await this.#navigate('about:blank');
    this.requested.length = 0;
    this.complaints.length = 0;
    await this.#navigate(pathToFileURL(file).href);
  }

  async #navigate(url: string): Promise<void> {
    const loaded = new Promise<void>((resolve) => {
      this.#loaded = resolve;
    });
    await this.send('Page.navigate', { url });
    await loaded;
  }

  /** The value of an expression in the page; of a promise, what it becomes. */
  async evaluate<T>(expression: string): Promise<T> {
    const answer = await this.send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
    if (answer['exceptionDetails']) throw new Error(JSON.stringify(answer['exceptionDetails']));
    return (answer['result'] as { value: T }).value;
  }

  send(method: string, params: Answer = {}): Promise<Answer> {
    const id = ++this.#count;
    const { promise, resolve, reject } = withResolvers<Answer>();
    this.#waiting.set(id, { resolve, reject });
    const message = { id, method, params, ...(this.#session && { sessionId: this.#session }) };
    (this.#process.stdio[3] as Writable).write(`${JSON.stringify(message)}\0`);
    return promise;
  }

  async stop(): Promise<void> {
    this.#process.kill();
    await this.#exited;
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 10 });
  }

  #receive({ id, method, params = {}, result, error }: Message): void {
    const waiting = id === undefined ? undefined : this.#waiting.get(id);
    if (waiting && id !== undefined) {
      this.#waiting.delete(id);
      if (error) waiting.reject(new Error(error.message));
      else waiting.resolve(result ?? {});
    }
    if (method === 'Page.loadEventFired') this.#loaded?.();
    if (method === 'Network.requestWillBeSent') this.requested.push((params['request'] as { url: string }).url);
    if (method === 'Log.entryAdded') this.complaints.push((params['entry'] as { text: string }).text);
    if (method === 'Runtime.exceptionThrown' || method === 'Runtime.consoleAPICalled') {
      this.complaints.push(JSON.stringify(params));
    }
  }
}

function withResolvers<T>() {
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
