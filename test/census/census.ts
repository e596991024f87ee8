import type { Subject } from './row.js';
import { aborts } from './rows/aborted.js';
import { messages } from './rows/brokers.js';
import { clients } from './rows/clients.js';
import { clocks } from './rows/clocks.js';
import { databases } from './rows/databases.js';
import { loaders } from './rows/loaders.js';
import { longLived } from './rows/long-lived.js';
import { lost } from './rows/lost.js';
import { nest } from './rows/nest.js';
import { node } from './rows/node.js';
import { observables } from './rows/observables.js';
import { passports } from './rows/passport.js';
import { queues } from './rows/queues.js';
import { redis } from './rows/redis.js';
import { replies } from './rows/replies.js';
import { requests } from './rows/requests.js';
import { responses } from './rows/responses.js';
import { sessions } from './rows/sessions.js';

/** Everything that is measured, as the page in the docs has it. */
export const census: readonly Subject[] = [
  requests,
  sessions,
  passports,
  responses,
  aborts,
  lost,
  nest,
  clocks,
  replies,
  messages,
  node,
  longLived,
  observables,
  queues,
  loaders,
  clients,
  databases,
  redis,
];
