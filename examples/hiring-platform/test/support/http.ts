import { type IncomingHttpHeaders, request } from 'node:http';

export interface Call {
  readonly method?: string;
  readonly token?: string | undefined;
  readonly body?: unknown;
  /** Fields of a form, as a browser sends them. */
  readonly form?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** @defaultValue `'127.0.0.1'` */
  readonly address?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  // biome-ignore lint/suspicious/noExplicitAny: tests compare it with what they expect.
  readonly body: any;
  /** The body as it came, to search for what must not be in it. */
  readonly text: string;
}

/** An answer without what differs from call to call: the time, and how many calls are left. */
export function lasting({ status, headers, text }: Answer) {
  const kept = Object.entries(headers).filter(([name]) => name !== 'date' && !/^x-ratelimit-re/.test(name));
  return { status, headers: Object.fromEntries(kept), text };
}

/** Calls a server on this machine by a host name that need not resolve. */
export function call(port: number, host: string, path: string, options: Call = {}): Promise<Answer> {
  const { form, method = form ? 'POST' : 'GET', token, body, address = '127.0.0.1' } = options;
  const sent = form ? new URLSearchParams(form).toString() : body === undefined ? undefined : JSON.stringify(body);
  const headers = {
    Host: `${host}:${port}`,
    ...(token && { Authorization: `Bearer ${token}` }),
    ...(sent !== undefined && { 'Content-Type': form ? 'application/x-www-form-urlencoded' : 'application/json' }),
    ...options.headers,
  };
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: address, port, path, method, headers, agent: false }, async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      const text = Buffer.concat(chunks).toString();
      const isJson = (response.headers['content-type'] ?? '').includes('json');
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        text,
        body: isJson ? JSON.parse(text) : text === '' ? null : text,
      });
    });
    outgoing.once('error', reject).end(sent);
  });
}
