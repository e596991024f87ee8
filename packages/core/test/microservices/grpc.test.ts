import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Metadata, type ServerDuplexStream, type ServerReadableStream } from '@grpc/grpc-js';
import { Controller, Logger } from '@nestjs/common';
import { type ClientGrpc, GrpcMethod, GrpcStreamCall, GrpcStreamMethod, Transport } from '@nestjs/microservices';
import { firstValueFrom, from as fromList, lastValueFrom, map, mergeMap, type Observable, timer, toArray } from 'rxjs';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { Untenanted } from '../../src/index.js';
import { placeOf } from '../../src/microservices/message-place.js';
import { stampMessage } from '../../src/microservices/message-stamp.js';
import {
  acme,
  closed,
  context,
  globex,
  gone,
  guards,
  type Receiver,
  receiver,
  SECRET,
  type Sender,
  seen,
  sender,
  turns,
} from './application.js';
import { freePort } from './transports.js';

interface Message {
  readonly what: string;
  readonly tenant?: string;
}

type Call = (what: Message | Observable<Message>, metadata?: Metadata) => Observable<Message>;

const ran: string[] = [];

@Controller()
class PriceService {
  @GrpcMethod('PriceService')
  async find({ what }: Message) {
    await sleep(Math.random() * 5);
    ran.push(what);
    return { what, tenant: context.tenantId };
  }

  @Untenanted()
  @GrpcMethod('PriceService')
  health({ what }: Message) {
    return { what, tenant: seen() };
  }

  @GrpcMethod('PriceService')
  watch({ what }: Message) {
    return timer(1, 2).pipe(map((i) => ({ what: `${what} ${i}`, tenant: context.tenantId })));
  }

  @GrpcStreamMethod('PriceService')
  collect(asked: Observable<Message>) {
    return asked.pipe(
      map(({ what }) => `${what} ${context.tenantId}`),
      toArray(),
      map((all) => ({ what: all.join(', '), tenant: context.tenantId })),
    );
  }

  @GrpcStreamMethod('PriceService')
  chat(asked: Observable<Message>) {
    return asked.pipe(
      map(({ what }) => ({ what, tenant: context.tenantId })),
      mergeMap((one) => timer(1).pipe(map(() => ({ ...one, what: `${one.what} ${context.tenantId}` })))),
    );
  }

  @GrpcStreamCall('PriceService')
  pass(call: ServerDuplexStream<Message, Message>) {
    call.on('data', ({ what }: Message) => call.write({ what, tenant: context.tenantId }));
    call.on('end', () => call.end());
    return fromList([1]);
  }

  @GrpcStreamCall('PriceService')
  passAll(call: ServerReadableStream<Message, Message>, callback: (error: null, answer: Message) => void) {
    const all: string[] = [];
    call.on('data', ({ what }: Message) => all.push(`${what} ${context.tenantId}`));
    call.on('end', () => callback(null, { what: all.join(', '), tenant: context.tenantId }));
    return fromList([1]);
  }
}

const errors = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
const logged = () => errors.mock.calls.map(([line]) => String(line));
const protoPath = join(import.meta.dirname, 'prices.proto');

describe.each(['a standalone microservice', 'a hybrid application'] as const)('over gRPC, to %s', (kind) => {
  let from: Sender;
  let attacker: Sender;
  let to: Receiver;
  let service: Record<string, Call>;
  let forging: Record<string, Call>;
  const asks = () => fromList([{ what: 'a' }, { what: 'b' }]);

  beforeAll(async () => {
    const url = `127.0.0.1:${await freePort()}`;
    const options = { transport: Transport.GRPC as const, options: { url, package: 'prices', protoPath } };
    to = await receiver(options, [PriceService], { kind });
    from = await sender(options, { secret: SECRET, shared: ['/prices.PriceService/Health'] });
    attacker = await sender(options, { shared: [/./] });
    service = (from.client as unknown as ClientGrpc).getService('PriceService');
    forging = (attacker.client as unknown as ClientGrpc).getService('PriceService');
  });
  afterAll(() => Promise.all([from?.close(), attacker?.close(), to?.close()]));
  afterEach(() => {
    errors.mockClear();
    ran.length = 0;
    guards.length = 0;
  });

  const call = (name: string, what: Message | Observable<Message>, metadata?: Metadata) =>
    (metadata ? service[name]?.(what, metadata) : service[name]?.(what)) as Observable<Message>;

  it('M1, M11: a call runs as the tenant that it is made for, before guards, with the metadata of the application', async () => {
    const metadata = new Metadata();
    metadata.set('x-own', 'mine');
    const answer = await context.run(acme, () => firstValueFrom(call('find', { what: 'x' }, metadata)));
    expect(answer).toEqual({ what: 'x', tenant: 't_acme' });
    expect(await context.run(globex, () => firstValueFrom(call('find', { what: 'x' }, metadata)))).toMatchObject({
      tenant: 't_globex',
    });
    expect(metadata.getMap()).toEqual({ 'x-own': 'mine' });
    if (kind !== 'a hybrid application') expect(guards).toEqual(['t_acme', 't_globex']);
  });

  it('M4, M10: interleaved, calls and streams of each kind, and their answers, are of their own tenant', async () => {
    const asked = turns(42);
    const names = ['find', 'watch', 'collect', 'chat', 'pass', 'passAll', 'health'];
    const answers = await Promise.all(
      asked.map((tenant, i) =>
        context.run(tenant, async () => {
          const name = names[i % names.length] as string;
          const given = ['find', 'watch', 'health'].includes(name) ? { what: 'a' } : asks();
          const answers = call(name, given).pipe(map((answer) => ({ ...answer, here: seen() })));
          if (name === 'watch') return [await firstValueFrom(answers)];
          return lastValueFrom(answers.pipe(toArray()));
        }),
      ),
    );
    for (const [i, { id }] of asked.entries()) {
      const here = { here: id };
      const both = { what: `a ${id}, b ${id}`, tenant: id, ...here };
      expect(answers[i], names[i % names.length]).toEqual(
        [
          [{ what: 'a', tenant: id, ...here }],
          [{ what: 'a 0', tenant: id, ...here }],
          [both],
          ['a', 'b'].map((what) => ({ what: `${what} ${id}`, tenant: id, ...here })),
          ['a', 'b'].map((what) => ({ what, tenant: id, ...here })),
          [both],
          [{ what: 'a', tenant: 'none', ...here }],
        ][i % names.length],
      );
    }
  });

  it('who calls outside of a tenant is refused at once, but for what is shared', async () => {
    await expect(async () => firstValueFrom(call('find', { what: 'x' }))).rejects.toThrow(
      /tenant_required: `call` of "\/prices.PriceService\/Find"/,
    );
    expect(await firstValueFrom(call('health', { what: 'x' }))).toMatchObject({ tenant: 'none' });
  });

  const refusals = (stamp: string | string[] | undefined, name: string) => {
    const metadata = new Metadata();
    for (const one of [stamp ?? []].flat()) metadata.add('tenancy', one);
    const given = ['find', 'watch'].includes(name) ? { what: 'x' } : asks();
    return lastValueFrom(forging[name]?.(given, metadata) as Observable<Message>).catch((error: unknown) => error);
  };
  const at = (name: string) => placeOf(`/prices.PriceService/${name[0]?.toUpperCase()}${name.slice(1)}`);

  it.each(['find', 'watch', 'collect', 'chat', 'pass', 'passAll'])(
    'M3, M9: %s is refused with the status and the code where the stamp is missing, forged, of another method or old',
    async (name) => {
      const wrong: readonly (string | string[] | undefined)[] = [
        undefined,
        'v1.dF9hY21l',
        stampMessage('t_acme', at('other'), [SECRET]),
        stampMessage('t_acme', at(name), ['another secret, of somebody who guesses']),
        [stampMessage('t_acme', at(name), [SECRET]), stampMessage('t_globex', at(name), [SECRET])],
      ];
      for (const stamp of wrong) {
        expect(await refusals(stamp, name), String(stamp)).toMatchObject({ code: 16, details: 'tenant_required' });
      }
      expect(logged().length).toBe(wrong.length);
      expect(ran).toEqual([]);
    },
  );

  it('M9: a suspended tenant is refused with 7, an unknown one with 16', async () => {
    const ask = (tenant: typeof acme) =>
      context.run(tenant, () => firstValueFrom(call('find', { what: 'x' }))).catch((error: unknown) => error);
    expect(await ask(closed)).toMatchObject({ code: 7, details: 'tenant_inactive' });
    expect(await ask(gone)).toMatchObject({ code: 16, details: 'tenant_required' });
  });

  it('M4: a client of gRPC itself is stamped, and answered in the context of who called', async () => {
    interface Raw {
      find(what: Message, callback: (error: Error | null, answer: Message) => void): void;
    }
    const raw = (from.client as unknown as ClientGrpc).getClientByServiceName<Raw>('PriceService');
    const answers = await Promise.all(
      turns(9).map((tenant) =>
        context.run(
          tenant,
          () =>
            new Promise((resolve, reject) =>
              raw.find({ what: 'x' }, (error, answer) =>
                error ? reject(error) : resolve(`${answer.tenant} ${seen()} ${tenant.id}`),
              ),
            ),
        ),
      ),
    );
    expect(answers).toEqual(turns(9).map(({ id }) => `${id} ${id} ${id}`));
  });
});
