import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { type ClientOptions, type MicroserviceOptions, Transport } from '@nestjs/microservices';
import { brokersHere } from '../brokers.js';

/** One way for messages to travel, on the real broker. */
export interface Way {
  readonly name: string;
  /** Why it cannot be tried here, or `null`. */
  readonly missing: string | null;
  /** Options of a server and of its clients, of a place of their own. */
  open(
    more?: object,
  ): Promise<{ readonly server: MicroserviceOptions; readonly client: (more?: object) => ClientOptions }>;
}

/** Part of each pattern: brokers are shared, and two copies of the suite may run at once. */
export const run: string = `run-${process.pid}-${randomUUID().slice(0, 8)}`;

const brokers = await brokersHere();

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function viaBroker(name: string, of: string, options: (broker: object) => object, servers: object = {}): Way {
  const broker = brokers.find((one) => one.name === of);
  if (!broker) throw new Error(of);
  return {
    name,
    missing: broker.missing,
    async open(more = {}) {
      const { transport, options: usual } = broker.options as { transport: Transport; options: object };
      const own = { ...usual, ...options(usual) };
      return {
        server: { transport, options: { ...own, ...servers, ...more } } as MicroserviceOptions,
        client: (forClient = {}) => ({ transport, options: { ...own, ...forClient } }) as ClientOptions,
      };
    },
  };
}

const tcp: Way = {
  name: 'TCP',
  missing: null,
  async open(more = {}) {
    const options = { host: '127.0.0.1', port: await freePort() };
    return {
      server: { transport: Transport.TCP, options: { ...options, ...more } },
      client: (forClient = {}) =>
        ({ transport: Transport.TCP, options: { ...options, ...forClient } }) as ClientOptions,
    };
  },
};

let queues = 0;

export const ways: readonly Way[] = [
  tcp,
  viaBroker('Redis', 'Redis', () => ({ retryAttempts: 3 })),
  viaBroker('NATS', 'NATS', () => ({})),
  viaBroker('RabbitMQ', 'RabbitMQ', () => ({
    queue: `tenancy-${run}-${++queues}`,
    queueOptions: { durable: false, autoDelete: true },
  })),
  viaBroker('MQTT 3.1.1', 'MQTT', () => ({ protocolVersion: 4 })),
  viaBroker('MQTT 5', 'MQTT', () => ({ protocolVersion: 5 })),
  viaBroker('MQTT 5 to 3.1.1', 'MQTT', () => ({ protocolVersion: 5 }), { protocolVersion: 4 }),
  viaBroker('MQTT 3.1.1 to 5', 'MQTT', () => ({ protocolVersion: 4 }), { protocolVersion: 5 }),
];

/** The name of a test of `way`. */
export const named = ({ name, missing }: Way): string => (missing === null ? name : `${name}: ${missing}`);

export const wayOf = (name: string): Way => {
  const way = ways.find((one) => one.name === name);
  if (!way) throw new Error(name);
  return way;
};
