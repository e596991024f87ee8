import { request } from 'node:http';

export interface Call {
  readonly method?: string;
  readonly token?: string | undefined;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** @defaultValue `'127.0.0.1'` */
  readonly address?: string;
}

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests compare it with what they expect.
  readonly body: any;
  /** The body as it came, to search for what must not be in it. */
  readonly text: string;
}

/** Calls a server on this machine by a host name that need not resolve. */
export function call(port: number, host: string, path: string, options: Call = {}): Promise<Answer> {
  const { method = 'GET', token, body, address = '127.0.0.1' } = options;
  const headers = {
    Host: `${host}:${port}`,
    ...(token && { Authorization: `Bearer ${token}` }),
    ...(body !== undefined && { 'Content-Type': 'application/json' }),
    ...options.headers,
  };
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: address, port, path, method, headers, agent: false }, async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      const text = Buffer.concat(chunks).toString();
      resolve({ status: response.statusCode ?? 0, text, body: text === '' ? null : JSON.parse(text) });
    });
    outgoing.once('error', reject).end(body === undefined ? undefined : JSON.stringify(body));
  });
}
