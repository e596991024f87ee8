import type { HttpAnswer, HttpRequest } from '../http-request.js';

/** Parts of a request beside its method and path. */
export type RequestOptions = Pick<HttpRequest, 'query' | 'headers' | 'body'>;

/** Calls the application as somebody: real HTTP, with that one's host and headers. */
export class TenantClient {
  readonly #send: (request: HttpRequest) => Promise<HttpAnswer>;

  /** `host`, and what signs in: for supertest's `.set(…)` and for `fetch`. */
  readonly headers: Record<string, string>;

  constructor(headers: Record<string, string>, send: (request: HttpRequest) => Promise<HttpAnswer>) {
    this.headers = headers;
    this.#send = send;
  }

  /** Sends `request`; its headers win over the client's own. An answer with an error's status is an answer. */
  request(request: HttpRequest): Promise<HttpAnswer> {
    return this.#send(request);
  }

  get(path: string, init: RequestOptions = {}): Promise<HttpAnswer> {
    return this.#send({ ...init, method: 'GET', path });
  }

  /** @param body sent as JSON, unless it is a string, bytes or a form. */
  post(path: string, body?: unknown, init: RequestOptions = {}): Promise<HttpAnswer> {
    return this.#send({ ...init, method: 'POST', path, body });
  }

  put(path: string, body?: unknown, init: RequestOptions = {}): Promise<HttpAnswer> {
    return this.#send({ ...init, method: 'PUT', path, body });
  }

  patch(path: string, body?: unknown, init: RequestOptions = {}): Promise<HttpAnswer> {
    return this.#send({ ...init, method: 'PATCH', path, body });
  }

  delete(path: string, init: RequestOptions = {}): Promise<HttpAnswer> {
    return this.#send({ ...init, method: 'DELETE', path });
  }
}
