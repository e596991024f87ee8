import { spawn } from 'node:child_process';

/** Without a terminal, how long a step goes on before it is told of again, in milliseconds. */
const REMINDER = 10_000;

/** Progress of a start: a line that counts the seconds on a terminal, and lines one under the other without one. */
export class Steps {
  #isTerminal = process.stdout.isTTY === true;
  #child;

  #stops = [];

  constructor() {
    for (const [signal, number] of Object.entries({ SIGINT: 2, SIGTERM: 15, SIGHUP: 1 })) {
      const stop = () => {
        this.#child?.kill(signal);
        process.exit(128 + number);
      };
      process.once(signal, stop);
      this.#stops.push([signal, stop]);
    }
  }

  /** A line about what follows. */
  announce(line) {
    console.log(line);
  }

  /** The example listens to signals itself. */
  release() {
    for (const [signal, stop] of this.#stops) process.off(signal, stop);
  }

  /**
   * Runs `work` under `title`, and says how long it took. `work` may tell how far it is, and what it answers stands in the closing line.
   */
  async run(title, work) {
    const begun = performance.now();
    const seconds = () => ((performance.now() - begun) / 1000).toFixed(1);
    let state = '';
    const line = () => `${title}${state && `: ${state}`} (${seconds()} s)`;
    if (!this.#isTerminal) console.log(`${title} …`);
    const timer = this.#isTerminal
      ? setInterval(() => process.stdout.write(`\r\u001B[K… ${line()}`), 100)
      : setInterval(() => console.log(`… ${line()}`), REMINDER);
    const tell = (now) => {
      state = now;
    };
    try {
      state = (await work(tell)) ?? '';
    } finally {
      clearInterval(timer);
      if (this.#isTerminal) process.stdout.write('\r\u001B[K');
    }
    console.log(`✓ ${line()}`);
  }

  /**
   * Runs a command to its end, silently. Where it fails, the start ends with all that it said.
   *
   * @param read takes each line of its output, and answers with what is shown of it where it fails.
   */
  async command(file, args, { cwd, env = {}, read = (line) => line, hint }) {
    const shown = [];
    const code = await new Promise((resolve) => {
      // A batch file on Windows needs a shell.
      const shell = process.platform === 'win32' && file !== process.execPath;
      const child = spawn(file, args, {
        cwd,
        shell,
        env: { ...process.env, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      this.#child = child;
      for (const stream of [child.stdout, child.stderr]) {
        let rest = '';
        stream.setEncoding('utf8').on('data', (text) => {
          const lines = (rest + text).split('\n');
          rest = lines.pop() ?? '';
          for (const one of lines) shown.push(read(one));
        });
        stream.on('end', () => rest && shown.push(read(rest)));
      }
      child.once('error', (error) => {
        shown.push(error.message);
        resolve(1);
      });
      child.once('close', resolve);
    });
    this.#child = undefined;
    if (code === 0) return;
    console.error(`\n${shown.filter((line) => line !== undefined).join('\n')}\n\n${hint}`);
    process.exit(1);
  }
}
