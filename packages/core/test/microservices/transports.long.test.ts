import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Logger } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { defer, firstValueFrom, lastValueFrom, map, merge, of, timer, toArray } from 'rxjs';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { Untenanted } from '../../src/index.js';
import {
  acme,
  closed,
  context,
  globex,
  gone,
  guards,
  type Kind,
  OnEvent,
  type Receiver,
  receiver,
  type Sender,
  seen,
  sender,
  turns,
} from './application.js';
import { named, run, ways } from './transports.js';

const ran: string[] = [];

@Controller()
class PricesController {
  @MessagePattern(`${run}.who`)
  async who(@Payload() data: { readonly for: string }) {
    await sleep(Math.random() * 5);
    return { data, tenant: context.tenantId };
  }

  @MessagePattern({ cmd: `${run}-object`, a: 1 })
  object(@Payload() data: unknown) {
    return { data, tenant: context.tenantId };
  }

  @MessagePattern(`${run}.echo`)
  echo(@Payload() data: unknown) {
    return data;
  }

  @MessagePattern(`${run}.lazy`)
  lazy() {
    return defer(() => timer(2).pipe(map(() => context.tenantId)));
  }

  @MessagePattern(`${run}.stream`)
  stream() {
    return merge(of(0), timer(2), timer(4)).pipe(map(() => context.tenantId));
  }

  @Untenanted()
  @MessagePattern(`${run}.health`)
  health() {
    return seen();
  }

  @OnEvent(`${run}.sold`)
  async sold(@Payload() data: { readonly for: string }) {
    await sleep(Math.random() * 5);
    ran.push(`${data.for} ${context.tenantId}`);
    if (data.for.startsWith('broken')) throw new Error('out of stock');
  }

  @OnEvent(`${run}.sold`)
  soldToo(@Payload() data: { readonly for: string }) {
    ran.push(`too ${data.for} ${context.tenantId}`);
  }

  @Untenanted()
  @OnEvent(`${run}.sold`)
  soldAsWell(@Payload() data: { readonly for: string }) {
    ran.push(`as well ${data.for} ${seen()}`);
  }
}

const errors = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
const logged = () => errors.mock.calls.map(([line]) => String(line));

const kinds: readonly Kind[] = [
  'a standalone microservice',
  'a hybrid application',
  'a hybrid application with inheritAppConfig',
];
const cases = ways.flatMap((way) => kinds.map((kind) => ({ way, kind })));

for (const { way, kind } of cases)
  describe.skipIf(way.missing !== null)(`over ${named(way)}, to ${kind}`, () => {
    let from: Sender;
    let to: Receiver;

    beforeAll(async () => {
      const { server, client } = await way.open();
      to = await receiver(server, [PricesController], { kind });
      from = await sender(client(), {
        secret: 'a secret that only the services of this test know',
        shared: [`${run}.health`],
      });
    });
    afterAll(async () => {
      await from?.close();
      await to?.close();
    });
    afterEach(() => {
      errors.mockClear();
      ran.length = 0;
      guards.length = 0;
    });

    const send = (pattern: unknown, data: unknown = {}) => firstValueFrom(from.client.send<unknown>(pattern, data));
    const refusal = (asked: () => Promise<unknown>) => asked().catch((error: unknown) => error);

    it('M2: a message runs as the tenant that it was sent for, before guards, and its payload is unchanged', async () => {
      expect(await context.run(acme, () => send(`${run}.who`, { for: 'x' }))).toEqual({
        data: { for: 'x' },
        tenant: 't_acme',
      });
      if (kind !== 'a hybrid application') expect(guards).toEqual(['t_acme']);
      expect(await context.run(globex, () => send({ a: 1, cmd: `${run}-object` }, [1, null, 'two']))).toEqual({
        data: [1, null, 'two'],
        tenant: 't_globex',
      });
      for (const data of ['text', 7, true, '', 0, { metadata: { tenancy: 'mine' } }]) {
        expect(await context.run(acme, () => send(`${run}.echo`, data))).toEqual(data);
      }
    });

    it('M4, M10: interleaved with other tenants, each message and reply is of its own, lazy ones and streams too', async () => {
      const asked = turns(60);
      const answers = await Promise.all(
        asked.map((tenant, i) =>
          context.run(tenant, async () => {
            if (i % 3 === 0) return [await send(`${run}.lazy`), seen()];
            if (i % 3 === 1)
              return [
                await lastValueFrom(
                  from.client.send<string>(`${run}.stream`, {}).pipe(
                    map((of) => `${of} ${seen()}`),
                    toArray(),
                  ),
                ),
                seen(),
              ];
            return [((await send(`${run}.who`, { for: tenant.id })) as { tenant: string }).tenant, seen()];
          }),
        ),
      );
      expect(answers).toEqual(
        asked.map(({ id }, i) => [i % 3 === 1 ? Array.from({ length: 3 }, () => `${id} ${id}`) : id, id]),
      );
    });

    it('M7: an event for several handlers runs in each once, under its tenant, and a failure leaves nothing behind', async () => {
      const sold = turns(12);
      await Promise.all(
        sold.map((tenant, i) =>
          context.run(tenant, () =>
            lastValueFrom(from.client.emit(`${run}.sold`, { for: `${i % 4 ? 'fine' : 'broken'} ${tenant.id}` }), {
              defaultValue: null,
            }),
          ),
        ),
      );
      await vi.waitFor(() => expect(ran.length).toBe(36), 5_000);
      const expected = sold.flatMap(({ id }, i) => {
        const data = `${i % 4 ? 'fine' : 'broken'} ${id}`;
        return [`${data} ${id}`, `too ${data} ${id}`, `as well ${data} none`];
      });
      expect(ran.toSorted()).toEqual(expected.toSorted());
    });

    it('M3, M9: who sends outside of a tenant is refused at once, and nothing is sent', async () => {
      expect(await refusal(() => send(`${run}.who`, { for: 'x' }))).toMatchObject({
        code: 'tenant_required',
        message: expect.stringMatching(/send` of ".+who".+TenantContext.run.+TenantMicroservicesModule.shared/s),
      });
      expect(() => from.client.emit(`${run}.sold`, { for: 'x' })).toThrow(/tenant_required: `emit` of/);
      expect(logged()).toEqual([]);
    });

    it("an untenanted handler answers what is nobody's, and runs without a tenant for everybody", async () => {
      expect(await send(`${run}.health`)).toBe('none');
      expect(await context.run(acme, () => send(`${run}.health`))).toBe('none');
    });

    it.each([
      [closed, 'tenant_inactive'],
      [gone, 'tenant_required'],
    ])('M9: %j is looked up again, and refused with %s', async (tenant, code) => {
      expect(await refusal(() => context.run(tenant, () => send(`${run}.who`, { for: 'x' })))).toMatchObject({
        message: code,
      });
      expect(logged()).toEqual([expect.stringMatching(new RegExp(`PricesController.who did not run: ${code}`))]);
    });

    it('M5, M6, M11: a refused event is logged once for each handler, and the others of the event run', async () => {
      await context.run(closed, () =>
        lastValueFrom(from.client.emit(`${run}.sold`, { for: 'x' }), { defaultValue: null }),
      );
      await vi.waitFor(() => expect(ran).toEqual(['as well x none']));
      expect(logged()).toEqual([
        expect.stringMatching(/event handler PricesController\.sold did not run: tenant_inactive/),
        expect.stringMatching(/event handler PricesController\.soldToo did not run: tenant_inactive/),
      ]);
    });
  });
