import { Logger } from '@nestjs/common';
import { ServerTCP } from '@nestjs/microservices';
import { defer, firstValueFrom, lastValueFrom, map, of, timer, toArray } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { context, type Receiver, receiver, type Sender, seen, sender, turns } from './application.js';
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
