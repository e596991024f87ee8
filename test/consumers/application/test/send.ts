import { request } from 'node:http';

export interface Sent {
  readonly method?: 'GET' | 'POST';
  readonly path: string;
  /** The tenant's name in the host, or null for the address of the application itself. */
  readonly slug: string | null;
  readonly token?: string;
  readonly body?: object;
}

/** Sends one request over real HTTP to an address of this machine, as if its host name had led there. */
export function send(port: number, { method = 'GET', path, slug, token, body }: Sent) {
  return new Promise<{ status: number; body: unknown }>((resolve, reject) => {
    const headers = {
      host: slug === null ? 'app.example.com' : `${slug}.app.example.com`,
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    };
    const outgoing = request({ port, host: '127.0.0.1', method, path, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) }));
    });
    outgoing.on('error', reject);
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
