import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

type Reply = { readonly value: unknown } | { readonly error: string };

/** Called in a child process: answers each question of its parent, and ends with it. */
export function answer(to: (question: unknown) => unknown): void {
  process.on('disconnect', () => process.exit());
  // The parent may have ended while this process was still starting.
  if (!process.connected) process.exit();
  process.on('message', async (question) => {
    let reply: Reply;
    try {
      reply = { value: await to(question) };
    } catch (error) {
      reply = { error: String(error) };
    }
    process.send?.(reply);
  });
}

/** A process of its own, whose CPU time is nobody else's. */
export class Child {
  readonly #process: ChildProcess;
  readonly #name: string;

  /** @param script beside this file, without extension. */
  constructor(script: string, ...args: readonly string[]) {
    this.#name = [script, ...args].join(' ');
    this.#process = fork(fileURLToPath(new URL(`${script}.js`, import.meta.url)), args, {
      execArgv: [],
      // Whatever a case prints must not end up between the rows.
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
  }

  /** @throws what the child threw, or when it ended before it answered. */
  ask<T>(question: unknown): Promise<T> {
    return new Promise((resolve, reject) => {
      const ended = () => reject(new Error(`${this.#name}: ended before it answered`));
      if (this.#process.exitCode !== null) return ended();
      this.#process.once('exit', ended);
      this.#process.once('message', (reply: Reply) => {
        this.#process.off('exit', ended);
        if ('error' in reply) reject(new Error(`${this.#name}: ${reply.error}`));
        else resolve(reply.value as T);
      });
      this.#process.send(question as string);
    });
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exit = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.disconnect();
    await exit;
  }
}
