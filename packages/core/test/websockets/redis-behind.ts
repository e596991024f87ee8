import { IoAdapter } from '@nestjs/platform-socket.io';
import { createAdapter } from '@socket.io/redis-adapter';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import type { Server, ServerOptions } from 'socket.io';
import { redisUrl } from '../redis.js';
import type { AdapterOf } from './application.js';

/** The adapter of an application, and what stands behind it. */
export interface Behind {
  readonly adapter: AdapterOf;
  close(): Promise<unknown>;
}

/** A subclass as the documentation of Nest has it. */
class RedisIoAdapter extends IoAdapter {
  constructor(
    app: ConstructorParameters<typeof IoAdapter>[0],
    private readonly behind: ReturnType<typeof createAdapter>,
  ) {
    super(app);
  }

  override createIOServer(port: number, options?: ServerOptions) {
    const server: Server = super.createIOServer(port, options);
    server.adapter(this.behind);
    return server;
  }
}

export const inMemory = async (): Promise<Behind> => ({ adapter: (app) => new IoAdapter(app), close: async () => {} });

export const overRedis = async (key: string): Promise<Behind> => {
  const publishing = createClient({ url: redisUrl.href });
  const subscribing = publishing.duplicate();
  await Promise.all([publishing.connect(), subscribing.connect()]);
  const behind = createAdapter(publishing, subscribing, { key });
  return {
    adapter: (app) => new RedisIoAdapter(app, behind),
    close: () => Promise.all([publishing.close(), subscribing.close()]),
  };
};

export const overIoRedis = async (key: string): Promise<Behind> => {
  const publishing = new Redis(redisUrl.href);
  const subscribing = publishing.duplicate();
  const behind = createAdapter(publishing, subscribing, { key });
  return {
    adapter: (app) => new RedisIoAdapter(app, behind),
    close: () => Promise.all([publishing.quit(), subscribing.quit()]),
  };
};
