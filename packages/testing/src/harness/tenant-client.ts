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

  /** Sends a GET as the tenant, and answers with what came back, whatever its status. */
  get(path: string, init: RequestOptions = {}): Promise<HttpAnswer> {
    return this.#send({ ...init, method: 'GET', path });
  }

  /**
   * Sends a POST as the tenant.
   * @param body sent as JSON, unless it is a string, bytes or a form.
   */
  post(path: string, body?: unknown, init: RequestOptions = {}): Promise<HttpAnswer> {
    return this.#send({ ...init, method: 'POST', path, body });
  }

  /** Sends a PUT as the tenant, its body as `post` sends it. */
  put(path: string, body?: unknown, init: RequestOptions = {}): Promise<HttpAnswer> {
    return this.#send({ ...init, method: 'PUT', path, body });
  }

  /** Sends a PATCH as the tenant, its body as `post` sends it. */
  patch(path: string, body?: unknown, init: RequestOptions = {}): Promise<HttpAnswer> {
    return this.#send({ ...init, method: 'PATCH', path, body });
  }

  /** Sends a DELETE as the tenant. */
  delete(path: string, init: RequestOptions = {}): Promise<HttpAnswer> {
    return this.#send({ ...init, method: 'DELETE', path });
  }
}
