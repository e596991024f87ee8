import { connect } from 'node:net';
import { inject } from 'vitest';

const known = {
  Redis: { setting: 'REDIS_URL', url: 'redis://127.0.0.1:6379', image: '-p 6379:6379 redis' },
  NATS: { setting: 'NATS_URL', url: 'nats://127.0.0.1:4222', image: '-p 4222:4222 nats' },
  MQTT: {
    setting: 'MQTT_URL',
    url: 'mqtt://127.0.0.1:1883',
    image: '-p 1883:1883 eclipse-mosquitto mosquitto -c /mosquitto-no-auth.conf',
  },
  RabbitMQ: { setting: 'AMQP_URL', url: 'amqp://127.0.0.1:5672', image: '-p 5672:5672 rabbitmq' },
  MariaDB: {
    setting: 'MARIADB_URL',
    url: 'mysql://root@127.0.0.1:3306',
    image: '-p 3306:3306 -e MARIADB_ALLOW_EMPTY_ROOT_PASSWORD=1 mariadb',
  },
} as const;

export type ServiceName = keyof typeof known | 'PostgreSQL';

/** Addresses of the services. PostgreSQL is always there, from npm. */
export function urlOf(name: ServiceName): string {
  return name === 'PostgreSQL' ? inject('postgresUrl') : (process.env[known[name].setting] ?? known[name].url);
}

/** Why what needs `name` cannot run here, or `undefined`. */
export async function missing(name: ServiceName | undefined): Promise<string | undefined> {
  if (name === undefined || name === 'PostgreSQL') return undefined;
  if (await (answers[name] ??= connects(new URL(urlOf(name))))) return undefined;
  return `no ${name} answers (to run it: docker run --rm ${known[name].image}, or set ${known[name].setting})`;
}

const answers: { [name in ServiceName]?: Promise<boolean> } = {};

function connects({ hostname, port }: URL): Promise<boolean> {
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
