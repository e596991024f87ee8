import { Controller, Logger } from '@nestjs/common';
import { Ctx, MessagePattern, Payload, type RmqContext, RmqRecordBuilder } from '@nestjs/microservices';
import { type Channel, type ChannelModel, connect } from 'amqplib';
import { firstValueFrom, lastValueFrom } from 'rxjs';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { Untenanted } from '../../src/index.js';
import {
  acme,
  context,
  globex,
  OnEvent,
  type Receiver,
  receiver,
  type Sender,
  seen,
  sender,
  turns,
} from './application.js';
import { named, run, wayOf } from './transports.js';

const ran: string[] = [];
let failing = 0;

@Controller()
class OrdersController {
  @OnEvent('order')
  order(@Payload() data: number, @Ctx() ctx: RmqContext) {
    const again = ctx.getMessage()['fields'].redelivered ? ' again' : '';
    if (failing > 0) {
      failing -= 1;
      ran.push(`${context.tenantId} failed`);
      ctx.getChannelRef().nack(ctx.getMessage(), false, true);
      throw new Error('out of stock');
    }
    ran.push(`${context.tenantId} ${data}${again}`);
    ctx.getChannelRef().ack(ctx.getMessage());
  }

  @MessagePattern('count')
  count(@Payload() data: number, @Ctx() ctx: RmqContext) {
    ctx.getChannelRef().ack(ctx.getMessage());
    return `${context.tenantId} ${data}`;
  }

  @OnEvent('both')
  both() {
    ran.push(`both ${context.tenantId}`);
  }

  @Untenanted()
  @OnEvent('both')
  bothToo(@Ctx() ctx: RmqContext) {
    ran.push(`both too ${seen()}`);
    ctx.getChannelRef().ack(ctx.getMessage());
  }
}

const way = wayOf('RabbitMQ');
const errors = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {});

describe.skipIf(way.missing !== null)(named(way), () => {
  let from: Sender;
  let attacker: Sender;
  let to: Receiver;
  let broker: ChannelModel;
  let channel: Channel;
  const dead = `tenancy-${run}-dead`;

  beforeAll(async () => {
    broker = await connect(process.env['AMQP_URL'] ?? 'amqp://127.0.0.1:5672');
    channel = await broker.createChannel();
    await channel.assertQueue(dead, { autoDelete: true, durable: false });
    const queueOptions = {
      durable: false,
      arguments: { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': dead },
    };
    const { server, client } = await way.open({ noAck: false, prefetchCount: 5, queueOptions });
    to = await receiver(server, [OrdersController]);
    from = await sender(client({ queueOptions }));
    attacker = await sender(client({ queueOptions }), { shared: [/./] });
  });
  afterAll(async () => {
    await Promise.all([from?.close(), attacker?.close(), to?.close()]);
    await channel?.deleteQueue(dead);
    await broker?.close();
  });
  afterEach(() => {
    errors.mockClear();
    ran.length = 0;
  });

  const emit = ({ client }: Sender, pattern: string, data: unknown) =>
    lastValueFrom(client.emit(pattern, data), { defaultValue: null });
  const deadLetters = async () => {
    const found: unknown[] = [];
    for (;;) {
      const message = await channel.get(dead, { noAck: true });
      if (!message) return found;
      found.push(JSON.parse(message.content.toString()).data);
    }
  };

  it('M8: 5 refused events at prefetch 5 go to the dead letters, and 3 valid ones run', async () => {
    for (const data of [1, 2, 3, 4, 5]) await emit(attacker, 'order', data);
    for (const [i, tenant] of turns(3).entries()) await context.run(tenant, () => emit(from, 'order', 6 + i));
    await vi.waitFor(() => expect(ran).toEqual(['t_acme 6', 't_globex 7', 't_initech 8']), 5_000);
    expect(await deadLetters()).toEqual([1, 2, 3, 4, 5]);
    expect(errors).toHaveBeenCalledTimes(5);
  });

  it('M8: refused requests are answered with the code, and hold up nobody', async () => {
    const refused = await Promise.all(
      [1, 2, 3, 4, 5, 6].map((data) =>
        firstValueFrom(attacker.client.send('count', data)).catch((error: unknown) => error),
      ),
    );
    expect(refused).toEqual(refused.map(() => ({ status: 'error', message: 'tenant_required' })));
    expect(await context.run(globex, () => firstValueFrom(from.client.send('count', 7)))).toBe('t_globex 7');
    expect(await deadLetters()).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('M8: an event that another handler of it acknowledges is left to that one', async () => {
    await emit(attacker, 'both', 1);
    await context.run(acme, () => emit(from, 'order', 2));
    await vi.waitFor(() => expect(ran).toEqual(['both too none', 't_acme 2']), 5_000);
    expect(await deadLetters()).toEqual([]);
  });

  it('M7: what fails and is delivered again runs as its tenant, interleaved with others', async () => {
    failing = 6;
    await Promise.all(turns(9).map((tenant) => context.run(tenant, () => emit(from, 'order', tenant.id))));
    await vi.waitFor(() => expect(ran.filter((line) => !line.endsWith('failed')).length).toBe(9), 5_000);
    expect(ran.filter((line) => line.endsWith('failed')).length).toBe(6);
    for (const line of ran) expect(line).toMatch(/^(\S+) (\1( again)?|failed)$/);
    expect(ran.filter((line) => line.endsWith('again')).length).toBeGreaterThan(0);
  });

  it("M2: a record's headers and options stay, and its headers are not written to", async () => {
    const headers = { 'x-own': 'mine' };
    const record = new RmqRecordBuilder(3).setOptions({ headers, priority: 2 }).build();
    expect(await context.run(acme, () => firstValueFrom(from.client.send('count', record)))).toBe('t_acme 3');
    expect(await context.run(globex, () => firstValueFrom(from.client.send('count', record)))).toBe('t_globex 3');
    expect(headers).toEqual({ 'x-own': 'mine' });
  });
});
