import { HttpModule, HttpService } from '@nestjs/axios';
import { Test } from '@nestjs/testing';
import axios from 'axios';
import { firstValueFrom } from 'rxjs';
import { Agent, interceptors, request, fetch as undiciFetch } from 'undici';
import {
  type CalledHostsOptions,
  TENANT_FETCH,
  TenantHttpModule,
  tenantAxios,
  tenantDispatcher,
  tenantFetch,
} from '../../src/http.js';

/** A client that follows redirects, and answers with the status and the JSON of what it got. */
export type Client = (url: string, headers?: Record<string, string>) => Promise<{ status: number; body: unknown }>;

export interface Opened {
  readonly call: Client;
  close(): Promise<unknown>;
}

const ofFetch =
  (fetch: typeof globalThis.fetch): Client =>
  async (url, headers = {}) => {
    const response = await fetch(url, { headers });
    return { status: response.status, body: await response.json() };
  };

const ofAxios =
  (
    instance: { get(url: string, config: object): Promise<{ status: number; data: unknown }> },
    adapter?: string,
  ): Client =>
  async (url, headers = {}) => {
    const config = { headers, validateStatus: null, ...(adapter && { adapter }) };
    const { status, data } = await instance.get(url, config);
    return { status, body: data };
  };

async function nest(options: CalledHostsOptions) {
  const module = await Test.createTestingModule({
    imports: [TenantHttpModule.forRootAsync({ useFactory: () => options }), HttpModule.register({ timeout: 10_000 })],
  }).compile();
  await module.init();
  return module;
}

export const clients: Readonly<Record<string, (options: CalledHostsOptions) => Promise<Opened>>> = {
  fetch: async (options) => ({ call: ofFetch(tenantFetch(options)), close: async () => {} }),
  'fetch with a Request': async (options) => {
    const fetch = tenantFetch(options);
    return { call: ofFetch((url, init) => fetch(new Request(url, init))), close: async () => {} };
  },
  "undici's fetch": async (options) => {
    const call = ofFetch(tenantFetch({ ...options, fetch: undiciFetch as unknown as typeof fetch }));
    return { call, close: async () => {} };
  },
  "undici's fetch over a dispatcher": async (options) => {
    const dispatcher = tenantDispatcher(new Agent({ connections: 1 }), options);
    const fetch = (url: string, init: object) => undiciFetch(url, { ...init, dispatcher });
    return { call: ofFetch(fetch as unknown as typeof globalThis.fetch), close: () => dispatcher.close() };
  },
  "undici's request, on one connection": async (options) => {
    const agent = tenantDispatcher(new Agent({ connections: 1, pipelining: 4 }), options);
    const dispatcher = agent.compose(interceptors.redirect({ maxRedirections: 5 }));
    return {
      call: async (url, headers = {}) => {
        const { statusCode, body } = await request(url, { dispatcher, headers });
        return { status: statusCode, body: await body.json() };
      },
      close: () => dispatcher.close(),
    };
  },
  axios: async (options) => ({ call: ofAxios(tenantAxios(axios.create(), options)), close: async () => {} }),
  'axios over fetch': async (options) => ({
    call: ofAxios(tenantAxios(axios.create(), options), 'fetch'),
    close: async () => {},
  }),
  'HttpService of an application that adds a module': async (options) => {
    const module = await nest(options);
    const service = module.get(HttpService);
    const get = (url: string, config: object) => firstValueFrom(service.get<unknown>(url, config));
    return { call: ofAxios({ get }), close: () => module.close() };
  },
  'the fetch that is injected': async (options) => {
    const module = await nest(options);
    return { call: ofFetch(module.get(TENANT_FETCH)), close: () => module.close() };
  },
};
