import type { Server, ServerResponse } from 'node:http';

/** The answers that a server still owes. A connection over which nothing is asked, such as a browser's spare one, is owed none. */
export class Answers {
  readonly #owed = new Set<ServerResponse>();
  #allGiven: (() => void) | undefined;

  constructor(private readonly server: Server) {
    server.on('request', (_request, response: ServerResponse) => {
      this.#owed.add(response);
      if (this.#allGiven) response.shouldKeepAlive = false;
      response.once('close', () => {
        this.#owed.delete(response);
        if (this.#owed.size === 0) this.#allGiven?.();
      });
    });
  }

  /** Takes no more connections, and waits for what is owed, or until so many milliseconds are over. */
  given(within: number): Promise<void> {
    this.server.close();
    for (const response of this.#owed) response.shouldKeepAlive = false;
    return new Promise((resolve) => {
      this.#allGiven = resolve;
      setTimeout(resolve, within).unref();
      if (this.#owed.size === 0) resolve();
    });
  }
}
