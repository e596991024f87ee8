import type { Tenant } from '@tenancy/core';
import { firstValueFrom, lastValueFrom } from 'rxjs';
import { answer } from '../child.js';
import {
  type CaseName,
  type Message,
  patternOf,
  startApplication,
  TENANTS,
  type TransportName,
} from './application.js';

/** `send`: a message and its reply. `emit`: an event, until its handler has run. */
export type Work = 'send' | 'emit';

/** A question to a client, from the process that measures. */
export interface Question {
  readonly work: Work;
  readonly messages: number;
}

const CALLERS = 20;

/** Runs one case: `node client.js <case> <transport>`. */
const [name, transport] = process.argv.slice(2) as [CaseName, TransportName];
const application = await startApplication(name, transport);
const { client, as, payload } = application;
const waiting = new Map<number, (tenant: string) => void>();
application.onEvent = ({ n }, tenant) => waiting.get(n)?.(tenant);
let turn = 0;

const works: Readonly<Record<Work, (message: Message) => Promise<string>>> = {
  send: async (message) => {
    const pattern = patternOf('send');
    return (await firstValueFrom(client.send<Message>(pattern, payload(pattern, message)))).of;
  },
  emit: async (message) => {
    const handled = new Promise<string>((resolve) => waiting.set(message.n, resolve));
    const pattern = patternOf('emit');
    await lastValueFrom(client.emit(pattern, payload(pattern, message)), { defaultValue: null });
    const tenant = await handled;
    waiting.delete(message.n);
    return tenant;
  },
};

/** Answers with the CPU microseconds that so many messages take. */
answer(async (asked): Promise<number> => {
  const { work, messages } = asked as Question;
  const started = process.cpuUsage();
  let sent = 0;
  const caller = async () => {
    while (sent++ < messages) {
      turn += 1;
      const tenant = TENANTS[turn % TENANTS.length] as Tenant;
      const message = { n: turn, of: tenant.id };
      const of = await as(tenant, () => works[work](message));
      if (of !== tenant.id) throw new Error(`a message of ${tenant.id} ran as ${of}`);
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  const { user, system } = process.cpuUsage(started);
  return user + system;
});
