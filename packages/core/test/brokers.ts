import { connect } from 'node:net';
import { type ClientOptions, Transport } from '@nestjs/microservices';

export interface Broker {
  readonly name: string;
  readonly options: ClientOptions;
  /** Why it cannot be asked here, or `null`. */
  readonly missing: string | null;
}

const url = (setting: string, usual: string) => process.env[setting] ?? usual;

const brokers: readonly {
  name: string;
  setting: string;
  at: string;
  image: string;
  options: (at: string) => ClientOptions;
}[] = [
  {
    name: 'Redis',
    setting: 'REDIS_URL',
    at: url('REDIS_URL', 'redis://127.0.0.1:6379'),
    image: '-p 6379:6379 redis',
    options: (at) => ({
      transport: Transport.REDIS,
      options: { host: new URL(at).hostname, port: Number(new URL(at).port) },
    }),
  },
  {
    name: 'NATS',
    setting: 'NATS_URL',
    at: url('NATS_URL', 'nats://127.0.0.1:4222'),
    image: '-p 4222:4222 nats',
    options: (at) => ({ transport: Transport.NATS, options: { servers: [at] } }),
  },
  {
    name: 'MQTT',
    setting: 'MQTT_URL',
    at: url('MQTT_URL', 'mqtt://127.0.0.1:1883'),
    image: '-p 1883:1883 eclipse-mosquitto mosquitto -c /mosquitto-no-auth.conf',
    options: (at) => ({ transport: Transport.MQTT, options: { url: at } }),
  },
  {
    name: 'RabbitMQ',
    setting: 'AMQP_URL',
    at: url('AMQP_URL', 'amqp://127.0.0.1:5672'),
    image: '-p 5672:5672 rabbitmq',
    options: (at) => ({
      transport: Transport.RMQ,
      options: { urls: [at], queue: `tenancy-${process.pid}`, queueOptions: { durable: false, autoDelete: true } },
    }),
  },
];

/** Every broker that Nest has a transport for and that runs on one machine, and whether it is there. */
export function brokersHere(): Promise<Broker[]> {
  return Promise.all(
    brokers.map(async ({ name, setting, at, image, options }) => {
      const missing = (await answers(new URL(at)))
        ? null
        : `no ${name} answers (to run it: docker run --rm ${image}, or set ${setting})`;
      return { name, options: options(at), missing };
    }),
  );
}

function answers({ hostname, port }: URL): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port), timeout: 2_000 });
    const end = (there: boolean) => {
      socket.destroy();
      resolve(there);
    };
    socket.once('connect', () => end(true));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });
}
