import type { INestApplication } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { adoptClient, outsideAnyTenant } from '@tenancy/core/adapter';
import type { MessageServer } from '../discovery/message-handlers.js';
import { peer } from './socket-client.js';

/** A client of a server of the application, over its transport. */
export interface MessageClient {
  /** Everything that is answered. */
  send(pattern: unknown, data: unknown): Promise<readonly unknown[]>;
  emit(pattern: unknown, data: unknown): Promise<void>;
  close(): Promise<void>;
}

/** An Observable of rxjs. */
interface Answers {
  subscribe(observer: { next(answer: unknown): void; error(reason: unknown): void; complete(): void }): {
    unsubscribe(): void;
  };
}

/** Nest's numbers of the transports whose clients take the options of their servers. */
const ALIKE: ReadonlySet<unknown> = new Set([0, 1, 2, 3, 5]);

/** Why no client can be made from what is known of the server; null where one can. */
export function unreachable(server: MessageServer | null): string | null {
  if (server === null) return 'no server that is connected takes its pattern';
  if (!ALIKE.has(server.transportId)) return 'no client can be made of what is known of its server';
  return server.options?.['deserializer'] ? 'its server has a deserializer of its own' : null;
}

/**
 * A client as the application itself would make one; or one that stamps nothing.
 *
 * @throws HarnessMisuseError without `@nestjs/microservices`.
 */
export async function messageClient(
  app: INestApplication,
  server: MessageServer,
  isOwn: boolean,
  timeout: number,
): Promise<MessageClient> {
  const { ClientProxyFactory } = await peer('@nestjs/microservices', () => import('@nestjs/microservices'));
  const address = server.server?.address?.();
  const { noAck: _, serializer: __, prefetchCount: ___, ...options } = server.options ?? {};
  const client = ClientProxyFactory.create({
    transport: server.transportId as never,
    options: { ...options, ...(typeof address === 'object' && address?.port && { port: address.port }) },
  });
  adoptClient(client, isOwn ? app.get(ModulesContainer) : null);
  await outsideAnyTenant(() => client.connect());
  const all = (answers: Answers) =>
    new Promise<readonly unknown[]>((resolve, reject) => {
      const seen: unknown[] = [];
      const error = new Error(`the message was not answered within ${timeout} ms (\`timeout\` of the harness).`);
      const late = setTimeout(() => {
        subscription.unsubscribe();
        reject(error);
      }, timeout);
      const end = (settle: () => void) => () => {
        clearTimeout(late);
        settle();
      };
      const subscription = answers.subscribe({
        next: (answer) => seen.push(answer),
        error: (reason: unknown) => end(() => reject(reason))(),
        complete: end(() => resolve(seen)),
      });
    });
  return {
    send: (pattern, data) => all(client.send<unknown, unknown>(pattern, data)),
    emit: async (pattern, data) => {
      await all(client.emit(pattern, data));
    },
    close: async () => {
      await client.close();
    },
  };
}
