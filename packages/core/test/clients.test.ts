import { Controller, Get, Inject, Injectable, Scope } from '@nestjs/common';
import { Client, ClientProxy, ClientsModule } from '@nestjs/microservices';
import { defer, lastValueFrom, map, mergeMap, type Observable, Subject, take } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { fromSubdomain, InMemoryTenantRegistry, TenancyModule, TenantContext } from '../src/index.js';
import { call, type Server, serve } from './server.js';

const context = new TenantContext();
const seen = () => (context.isActive() ? context.tenantId : 'none');
const slugs = ['acme', 'globex', 'initech'];
const tenancy = () =>
  TenancyModule.forRoot({
    registry: new InMemoryTenantRegistry(slugs.map((slug) => ({ id: `t_${slug}`, slug }))),
    sources: [fromSubdomain({ baseDomain: 'localhost' })],
  });

/** 27 requests of three tenants at once; the first of them connects. */
const ask = (server: Server, path: string) =>
  Promise.all(Array.from({ length: 27 }, (_, i) => call(server, `${slugs[i % 3]}.localhost`, path)));
const owners = Array.from({ length: 27 }, (_, i) => `t_${slugs[i % 3]}`);

/** Clients of classes of their own, so that each must be found by itself. Replies come as whoever replied last. */
function makeClientClass() {
  const replies = new Subject<string>();
  class OwnClient extends ClientProxy {
    static readonly replies = replies;
    static connectedAs: string | undefined;
    override send<R>(): Observable<R> {
      return defer(() => this.connect()).pipe(mergeMap(() => replies as unknown as Observable<R>));
    }
    async connect() {
      OwnClient.connectedAs ??= seen();
    }
    close() {}
    publish() {
      return () => {};
    }
    async dispatchEvent<T>() {
      return undefined as T;
    }
    unwrap<T>() {
      return this as unknown as T;
    }
  }
  return OwnClient;
}

type OwnClient = ReturnType<typeof makeClientClass>;

const keeping = (make: () => ClientProxy) => {
  @Injectable()
  class PriceService {
    readonly prices = make();
  }
  return PriceService;
};

describe('core-1: a client is found', () => {
  const viaToken = (provider: (own: OwnClient) => object) => (own: OwnClient) => {
    @Controller()
    class AnyController {
      constructor(@Inject('PRICES') private readonly prices: ClientProxy) {}
      @Get('ask')
      ask() {
        return lastValueFrom(this.prices.send('price', {}).pipe(take(1), map(seen)));
      }
    }
    return { controllers: [AnyController], providers: [{ provide: 'PRICES', ...provider(own) } as never] };
  };
  const ways: Record<string, (own: OwnClient) => object> = {
    'that a factory made': viaToken((own) => ({ useFactory: () => new own() })),
    'that a factory promised': viaToken((own) => ({ useFactory: async () => new own() })),
    'that is a value': viaToken((own) => ({ useValue: new own() })),
    "that is a provider's class": viaToken((own) => ({ useClass: own })),
    'that is made for each request by a factory': viaToken((own) => ({
      useFactory: async () => new own(),
      scope: Scope.REQUEST,
    })),
    'that is made for each request by its class': viaToken((own) => ({
      useClass: Injectable({ scope: Scope.REQUEST })(own) ?? own,
      scope: Scope.REQUEST,
    })),
    'that is made for each injection': viaToken((own) => ({ useFactory: () => new own(), scope: Scope.TRANSIENT })),
    'of a module of clients': (own) => ({
      ...viaToken(() => ({ useValue: null }))(own),
      providers: [],
      imports: [ClientsModule.registerAsync([{ name: 'PRICES', useFactory: () => ({ customClass: own as never }) }])],
    }),
    'in a field of a controller that Nest fills': (own) => {
      @Controller()
      class AnyController {
        @Client({ customClass: own } as never)
        private readonly prices!: ClientProxy;
        @Get('ask')
        ask() {
          return lastValueFrom(this.prices.send('price', {}).pipe(take(1), map(seen)));
        }
      }
      return { controllers: [AnyController] };
    },
    'that a provider made for itself': (own) => {
      const service = keeping(() => new own());
      @Controller()
      class AnyController {
        constructor(@Inject(service) private readonly kept: { prices: ClientProxy }) {}
        @Get('ask')
        ask() {
          return lastValueFrom(this.kept.prices.send('price', {}).pipe(take(1), map(seen)));
        }
      }
      return { controllers: [AnyController], providers: [service] };
    },
  };

  it.each(Object.keys(ways))('%s', async (way) => {
    const own = makeClientClass();
    const { imports = [], ...rest } = (ways[way]?.(own) ?? {}) as { imports?: never[] };
    const server = await serve('express', { imports: [tenancy(), ...imports], ...rest });
    try {
      const answers = ask(server, '/ask');
      while (own.replies.observed === false || own.replies.observers.length < 27) await new Promise(setImmediate);
      context.run({ id: 't_acme', slug: 'acme' }, () => own.replies.next('reply'));
      expect((await answers).map(({ text }) => text)).toEqual(owners);
      expect(own.connectedAs).toBe('none');
    } finally {
      await server.close();
    }
  });
});
