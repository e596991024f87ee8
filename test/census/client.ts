import { type Agent, type ClientRequest, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import type { Tenant } from '@tenancy/core';

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly body: Record<string, unknown>;
}

export interface Sending {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer | Readable;
  /** Aborted when the client goes away. */
  readonly signal?: AbortSignal;
}

/** A client of one tenant. All of them share kept-alive connections, as behind a proxy. */
export class Client {
  /** As browsers keep them; by name. */
  readonly cookies = new Map<string, string>();

  constructor(
    readonly tenant: Tenant,
    private readonly port: number,
    private readonly agent: Agent,
  ) {}

  /** The header. */
  get cookie(): string {
    return [...this.cookies].map((pair) => pair.join('=')).join('; ');
  }

  /** Another client of the same tenant. */
  fresh(): Client {
    return new Client(this.tenant, this.port, this.agent);
  }

  async send(path: string, sending: Sending = {}): Promise<Reply> {
    const request = this.start(path, sending);
    return new Promise((resolve, reject) => {
      request.on('error', reject);
      request.on('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('error', reject);
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          for (const cookie of response.headers['set-cookie'] ?? []) this.#keep(cookie);
          const text = Buffer.concat(chunks).toString('utf8');
          const isJson = (response.headers['content-type'] ?? '').includes('json');
          const body = isJson ? (JSON.parse(text) as Record<string, unknown>) : {};
          const { statusCode: status = 0, headers } = response;
          if (status >= 400 && !/"tenant_\w+"/.test(text)) reject(new Error(`${status} ${text}`));
          else resolve({ status, headers, text, body });
        });
      });
    });
  }

  /** The request alone, for a client that goes away. */
  start(path: string, { method, headers, body, signal }: Sending = {}): ClientRequest {
    const request = httpRequest({
      host: '127.0.0.1',
      port: this.port,
      path,
      agent: this.agent,
      ...(signal && { signal }),
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      headers: {
        host: `${this.tenant.slug}.localhost`,
        ...(this.cookies.size > 0 && { cookie: this.cookie }),
        ...headers,
      },
    });
    if (body === undefined || typeof body === 'string' || Buffer.isBuffer(body)) request.end(body);
    else body.pipe(request);
    return request;
  }

  #keep(cookie: string): void {
    const [pair = ''] = cookie.split(';');
    const [name = '', ...value] = pair.split('=');
    this.cookies.set(name, value.join('='));
  }
}
