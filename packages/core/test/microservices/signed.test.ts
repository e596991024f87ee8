import { headers as natsHeaders } from '@nats-io/transport-node';
import { Controller, Logger } from '@nestjs/common';
import {
  type ClientOptions,
  Ctx,
  MessagePattern,
  MqttRecordBuilder,
  NatsRecordBuilder,
  RmqRecordBuilder,
  Transport,
} from '@nestjs/microservices';
import { firstValueFrom, lastValueFrom } from 'rxjs';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { placeOf } from '../../src/microservices/message-place.js';
import { stampMessage } from '../../src/microservices/message-stamp.js';
import { receivedStamp } from '../../src/microservices/received-stamp.js';
import {
  acme,
  context,
  globex,
  OnEvent,
  type Receiver,
  receiver,
  SECRET,
  type Sender,
  sender,
  turns,
} from './application.js';
import { named, run, ways } from './transports.js';

const ran: string[] = [];

@Controller()
class PricesController {
  @MessagePattern(`${run}.secrets`)
  secrets() {
    ran.push(context.tenantId);
    return `of ${context.tenantId}`;
  }

  @MessagePattern(`${run}.stamp`)
  stamp(@Ctx() ctx: object) {
    return receivedStamp([ctx]).stamp ?? 'in the packet';
  }

  @OnEvent(`${run}.sold`)
  sold() {
    ran.push(context.tenantId);
  }
}

/** Of several, each is a value of one header, property or field. */
type Stamps = string | string[] | undefined;

/** Somebody who can reach the broker, and puts any stamp on a message: an application of no tenant that has Nest's own clients. */
function forged(client: ClientOptions & { readonly name?: string }, stamp: Stamps, data: unknown): unknown {
  const { transport, options } = client as { transport: Transport; options: { protocolVersion?: number } };
  if (stamp === undefined) return data;
  if (transport === Transport.NATS) {
    const headers = natsHeaders();
    for (const one of [stamp].flat()) headers.append('tenancy', one);
    return new NatsRecordBuilder(data).setHeaders(headers).build();
  }
  if (transport === Transport.RMQ)
    return new RmqRecordBuilder(data).setOptions({ headers: { tenancy: stamp as string } }).build();
  if (transport === Transport.MQTT && options.protocolVersion === 5) {
    return new MqttRecordBuilder(data).setProperties({ userProperties: { tenancy: stamp } }).build();
  }
  forging.stamp = stamp;
  return data;
}

/** Of transports that have no place but the packet. */
const forging: { stamp: Stamps } = { stamp: undefined };
const inPacket = {
  serialize(packet: object) {
    const sent = forging.stamp === undefined ? packet : { ...packet, metadata: { tenancy: forging.stamp } };
    forging.stamp = undefined;
    return sent;
  },
};
const inText = { serialize: (packet: object) => JSON.stringify(inPacket.serialize(packet)) };

const errors = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
const logged = () => errors.mock.calls.map(([line]) => String(line));

for (const way of ways)
  describe.skipIf(way.missing !== null)(`M3: over ${named(way)}`, () => {
    let from: Sender;
    let attacker: Sender;
    let to: Receiver;
    let options: ClientOptions;

    beforeAll(async () => {
      const { server, client } = await way.open();
      to = await receiver(server, [PricesController]);
      from = await sender(client());
      options = client();
      const versions = [server, options].map(
        (end) => (end as { options: { protocolVersion?: number } }).options.protocolVersion,
      );
      // A broker hands no properties on to, nor from, an end that speaks MQTT 3.1.1.
      const isText = versions.includes(4);
      if (isText) options = { ...options, options: { ...options.options, protocolVersion: 4 } } as ClientOptions;
      const { transport } = options as { transport: Transport };
      const custom: Record<number, object> = {
        [Transport.TCP]: inPacket,
        [Transport.REDIS]: inPacket,
        ...(isText && { [Transport.MQTT]: inText }),
      };
      const serializer = custom[transport];
      attacker = await sender(client(serializer && { serializer }), { shared: [/./] });
    });
    afterAll(() => Promise.all([from?.close(), attacker?.close(), to?.close()]));
    afterEach(() => {
      errors.mockClear();
      ran.length = 0;
    });

    const forge = (stamp: Stamps, pattern = `${run}.secrets`): Promise<unknown> =>
      firstValueFrom(attacker.client.send<unknown>(pattern, forged(options, stamp, {}))).catch(
        (error: unknown) => error,
      );
    const made = (tenantId = 't_acme', pattern = `${run}.secrets`, secret = SECRET) =>
      stampMessage(tenantId, placeOf(pattern), [secret]);
    const at = (seconds: number, make: () => string): string => {
      const clock = vi.spyOn(Date, 'now').mockReturnValue((Math.floor(Date.now() / 1000) + seconds) * 1000);
      try {
        return make();
      } finally {
        clock.mockRestore();
      }
    };
    const isOnce = ['TCP', 'Redis', 'NATS'].includes(way.name);
    const isKept = !isOnce;

    it('what is signed for its pattern runs, and the handler is shown no more than it was sent', async () => {
      expect(await forge(made())).toBe('of t_acme');
      const seen = await context.run(acme, () => firstValueFrom(from.client.send<string>(`${run}.stamp`, {})));
      expect(seen).toMatch(/^v1\.dF9hY21l\.\d+\.[\w-]{43}\.[\w-]{36}$|^in the packet$/);
    });

    it.each<[string, () => Stamps]>([
      ['no stamp', () => undefined],
      ['an unsigned one', () => 'v1.dF9hY21l'],
      ['one under another secret', () => made('t_acme', `${run}.secrets`, 'another secret, of somebody who guesses')],
      ['one of another pattern', () => made('t_acme', `${run}.stamp`)],
      ['one whose tenant is exchanged', () => made('t_globex').replace('dF9nbG9iZXg', 'dF9hY21l')],
      ['one whose time is exchanged', () => made().replace(/\.(\d{10})\./, (_, s) => `.${Number(s) + 1}.`)],
      ['one whose id is exchanged', () => made().replace(/.$/, 'x')],
      ['one without its id', () => made().split('.').slice(0, 4).join('.')],
      ['one of a tenant that nobody knows', () => made('t_nobody')],
      ['one that is old', () => at(isKept ? -604_810 : -310, () => made())],
      ['one of a time to come', () => at(310, () => made())],
      ['two of two tenants', () => [made(), made('t_globex')]],
      ['two that are the same', () => Array<string>(2).fill(made())],
      ['nonsense', () => `v1.${'x'.repeat(10_000)}`],
    ])('%s is refused with the code, and the handler does not run', async (_, stamp) => {
      expect(await forge(stamp())).toMatchObject({ message: 'tenant_required' });
      expect(ran).toEqual([]);
      expect(logged()).toEqual([expect.stringMatching(/PricesController.secrets did not run: tenant_required: the/)]);
    });

    it('one of a suspended tenant is refused with its code', async () => {
      expect(await forge(made('t_closed'))).toMatchObject({ message: 'tenant_inactive' });
    });

    it('a stamp that waited runs, as long as its transport may keep a message', async () => {
      expect(await forge(at(isKept ? -604_000 : -290, () => made()))).toBe('of t_acme');
    });

    it(`a recorded stamp ${isOnce ? 'is refused the second time' : 'runs again, as the broker may deliver it again'}`, async () => {
      const recorded = made();
      expect(await forge(recorded)).toBe('of t_acme');
      const again = await forge(recorded);
      if (isOnce) expect(again).toMatchObject({ message: 'tenant_required' });
      else expect(again).toBe('of t_acme');
    });

    it('interleaved with what is forged, each own message runs as its tenant, and no forged one', async () => {
      const asked = turns(30);
      const own = Promise.all(
        asked.map((tenant) => context.run(tenant, () => firstValueFrom(from.client.send(`${run}.secrets`, {})))),
      );
      for (const { id } of asked) {
        const stamp = made(id, `${run}.secrets`, 'another secret, of somebody who guesses');
        expect(await forge(stamp)).toMatchObject({ message: 'tenant_required' });
      }
      expect(await own).toEqual(asked.map(({ id }) => `of ${id}`));
    });

    it('M5: a forged event is logged once, and does not run', async () => {
      await lastValueFrom(
        attacker.client.emit(
          `${run}.sold`,
          forged(options, made('t_acme', `${run}.sold`, 'another secret, of somebody who guesses'), {}),
        ),
        { defaultValue: null },
      );
      await context.run(globex, () => lastValueFrom(from.client.emit(`${run}.sold`, {}), { defaultValue: null }));
      await vi.waitFor(() => expect(ran).toEqual(['t_globex']));
      expect(logged()).toEqual([
        expect.stringMatching(/event handler PricesController.sold did not run: tenant_required/),
      ]);
    });
  });
