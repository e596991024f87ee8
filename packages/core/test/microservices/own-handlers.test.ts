import { Controller, Get, type INestApplication, Logger } from '@nestjs/common';
import { MessagePattern, ServerTCP } from '@nestjs/microservices';
import { defer, firstValueFrom, lastValueFrom, map, of, timer, toArray } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { context, type Receiver, receiver, type Sender, seen, sender, tenancy, turns } from './application.js';
import { wayOf } from './transports.js';

vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {});

/** A server with handlers of its own, which no controller has and so none of Nest's interceptors is around. */
class OwnServer extends ServerTCP {
  override listen(callback: () => void) {
    this.addHandler('cold', async () => defer(() => of(context.tenantId)));
    this.addHandler('later', async () => timer(2).pipe(map(() => context.tenantId)));
    this.addHandler('stream', async () => of(1, 2).pipe(map(() => seen())));
    super.listen(callback);
  }
}

describe('handlers that a server adds by itself', () => {
  let from: Sender;
  let to: Receiver;
  beforeAll(async () => {
    const { server, client } = await wayOf('TCP').open();
    const { options } = server as { options: object };
    to = await receiver({ strategy: new OwnServer(options) }, []);
    from = await sender(client());
  });
  afterAll(async () => {
    await from?.close();
    await to?.close();
  });

  it('M10, interleaved: a cold Observable that one returns is subscribed to inside the tenant of its message', async () => {
    const asked = turns(30);
    const kind = (i: number) => Math.floor(i / 3) % 3;
    const answers = await Promise.all(
      asked.map((tenant, i) =>
        context.run(tenant, () =>
          kind(i) === 2
            ? lastValueFrom(from.client.send('stream', {}).pipe(toArray()))
            : firstValueFrom(from.client.send(kind(i) ? 'later' : 'cold', {})),
        ),
      ),
    );
    expect(answers).toEqual(asked.map(({ id }, i) => (kind(i) === 2 ? [id, id] : id)));
  });

  it('M3: without a tenant they do not run', async () => {
    const outside = firstValueFrom(from.client.send('cold', {}));
    await expect(outside).rejects.toMatchObject({ code: 'tenant_required' });
  });
});

@Controller()
class WhoController {
  @MessagePattern('who')
  who() {
    return context.tenantId;
  }

  @Get('who')
  whoAsks() {
    return context.tenantId;
  }
}

describe('a service that answers messages alone', () => {
  it('has a source that names nobody, and is not asked, interleaved; what comes by HTTP all the same is refused', async () => {
    const identify = vi.fn(() => null);
    const sources = [{ name: 'nobody', identify }];
    const { server, client } = await wayOf('TCP').open();
    const kind = 'a hybrid application';
    const [to, from] = [await receiver(server, [WhoController], { kind, more: { sources } }), await sender(client())];
    const answers = await Promise.all(
      turns(12).map((tenant) => context.run(tenant, () => firstValueFrom(from.client.send('who', {})))),
    );
    expect(answers).toEqual(turns(12).map(({ id }) => id));
    expect(identify).not.toHaveBeenCalled();
    const app = to.app as INestApplication;
    await app.listen(0, '127.0.0.1');
    const answer = await fetch(`${await app.getUrl()}/who`);
    expect([answer.status, await answer.json()]).toMatchObject([401, { message: 'tenant_required' }]);
    expect(identify).toHaveBeenCalledTimes(1);
    await Promise.all([from.close(), to.close()]);
  });

  it('is told so where it has none', () => {
    expect(() => tenancy({ sources: [] })).toThrow(/TenancyModule\.sources: is empty/);
  });
});
