import type { AddressInfo } from 'node:net';
import { connect as connectNats } from '@nats-io/transport-node';
import { connect as connectAmqp } from 'amqplib';
import { Queue, QueueEvents, Worker } from 'bullmq';
import { connectAsync as connectMqtt } from 'mqtt';
import { WebSocket, WebSocketServer } from 'ws';
import { context, inHandler, lazily, type Row, type Start, type Subject, tenantOf, Waiting } from '../row.js';
import { type ServiceName, urlOf } from '../services.js';

interface Message {
  readonly id: number;
  readonly tenant: string;
}

interface Broker {
  readonly name: string;
  readonly needs: ServiceName | undefined;
  /** Made at start: the sending half, and what makes the receiving half. */
  open(
    start: Start,
    place: string,
  ): Promise<{
    publish(message: Message): unknown;
    subscribe(receive: (message: Message) => void): Promise<unknown>;
  }>;
}

let places = 0;

const brokers: readonly Broker[] = [
  {
    name: 'BullMQ: a `Worker`',
    needs: 'Redis',
    open: async ({ later }, place) => {
      const connection = { url: urlOf('Redis') };
      const queue = new Queue<Message>(place, { connection });
      later(() => queue.close());
      later(() => queue.obliterate({ force: true }));
      return {
        publish: (message) => queue.add('census', message),
        subscribe: async (receive) => {
          const worker = new Worker<Message>(place, async ({ data }) => receive(data), { connection });
          later(() => worker.close());
          await worker.waitUntilReady();
        },
      };
    },
  },
  {
    name: 'BullMQ: `QueueEvents`',
    needs: 'Redis',
    open: async ({ later }, place) => {
      const connection = { url: urlOf('Redis') };
      const queue = new Queue<Message>(place, { connection });
      const worker = new Worker<Message>(place, async ({ data }) => data, { connection });
      later(() => queue.close());
      later(() => queue.obliterate({ force: true }));
      later(() => worker.close());
      return {
        publish: (message) => queue.add('census', message),
        subscribe: async (receive) => {
          const events = new QueueEvents(place, { connection });
          later(() => events.close());
          events.on('completed', ({ returnvalue }) => receive(returnvalue as unknown as Message));
          await events.waitUntilReady();
        },
      };
    },
  },
  {
    name: 'NATS: a subscriber',
    needs: 'NATS',
    open: async ({ later }, place) => {
      const open = async () => {
        const connection = await connectNats({ servers: urlOf('NATS') });
        later(() => connection.close());
        return connection;
      };
      const publisher = await open();
      return {
        publish: (message) => publisher.publish(place, JSON.stringify(message)),
        subscribe: async (receive) => {
          const connection = await open();
          connection.subscribe(place, { callback: (_, message) => receive(message.json<Message>()) });
          await connection.flush();
        },
      };
    },
  },
  {
    name: 'MQTT: a subscriber',
    needs: 'MQTT',
    open: async ({ later }, place) => {
      const open = async () => {
        const connection = await connectMqtt(urlOf('MQTT'));
        later(() => connection.endAsync(true));
        return connection;
      };
      const publisher = await open();
      return {
        publish: (message) => publisher.publishAsync(place, JSON.stringify(message)),
        subscribe: async (receive) => {
          const connection = await open();
          connection.on('message', (_, payload) => receive(JSON.parse(payload.toString()) as Message));
          await connection.subscribeAsync(place);
        },
      };
    },
  },
  {
    name: 'RabbitMQ: a consumer',
    needs: 'RabbitMQ',
    open: async ({ later }, place) => {
      const open = async () => {
        const connection = await connectAmqp(urlOf('RabbitMQ'));
        later(() => connection.close());
        const channel = await connection.createChannel();
        await channel.assertQueue(place, { exclusive: false, autoDelete: true });
        return channel;
      };
      const publisher = await open();
      return {
        publish: (message) => publisher.sendToQueue(place, Buffer.from(JSON.stringify(message))),
        subscribe: async (receive) => {
          const channel = await open();
          await channel.consume(
            place,
            (message) => message && receive(JSON.parse(message.content.toString()) as Message),
            { noAck: true },
          );
        },
      };
    },
  },
  {
    name: 'a WebSocket to another service',
    needs: undefined,
    open: async ({ later }) => {
      const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
      await new Promise((resolve) => server.once('listening', resolve));
      later(() => server.close());
      const { port } = server.address() as AddressInfo;
      let socket: WebSocket;
      server.on('connection', (other) => other.on('message', (data) => other.send(data.toString())));
      return {
        publish: (message) => socket.send(JSON.stringify(message)),
        subscribe: async (receive) => {
          socket = new WebSocket(`ws://127.0.0.1:${port}`);
          later(() => socket.terminate());
          socket.on('message', (data) => receive(JSON.parse(data.toString()) as Message));
          await new Promise((resolve) => socket.once('open', resolve));
        },
      };
    },
  },
];

function rowsOf({ name, needs, open }: Broker): Row[] {
  const entering = `${name} made at start, which enters the tenant that the message names`;
  const row = (
    what: string,
    verdict: Row['verdict'],
    made: 'at start' | 'in a request',
    enters: boolean,
    fix?: string,
  ) =>
    inHandler(
      what,
      verdict,
      async (start) => {
        const waiting = new Waiting();
        const broker = await open(start, `census-${process.pid}-${places++}`);
        const subscribe = lazily(() =>
          broker.subscribe(({ id, tenant }) => {
            if (enters) context.run(tenantOf(tenant), () => waiting.answer(id));
            else waiting.answer(id);
          }),
        );
        if (made === 'at start') await subscribe();
        return async () => {
          await subscribe();
          return waiting.ask((id) => broker.publish({ id, tenant: context.tenantId }));
        };
      },
      { ...(needs && { needs }), ...(fix !== undefined && { fix }) },
    );
  return [
    row(`${name} made in a request`, "another's", 'in a request', false, entering),
    row(`${name} made at start`, 'none', 'at start', false, entering),
    row(entering, 'right', 'at start', true),
  ];
}

// core-10: a loop that was started in a request.
export const messages: Subject = {
  about: 'Workers, subscribers and sockets',
  note: "Made in a request, it is that request's tenant's for good. Made at start, it is nobody's until it enters a tenant.",
  rows: brokers.flatMap(rowsOf),
};
