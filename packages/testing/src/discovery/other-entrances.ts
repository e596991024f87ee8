import type { INestApplication } from '@nestjs/common';
import type { Entrance, EntranceKind } from './entrance.js';
import { componentsOf, isUntenanted, metadataOf, methodsOf } from './handlers.js';
import { declaredMethod } from './later-handlers.js';

/** The marks that decorators of packages that may be installed leave on a method, and the kind of entrance they make of it. */
const ON_METHODS: readonly { readonly key: string; readonly value?: unknown; readonly kind: EntranceKind }[] = [
  { key: 'websockets:message_mapping', value: true, kind: 'websocket' },
  { key: 'microservices:handler_type', value: 1, kind: 'message' },
  { key: 'microservices:handler_type', value: 2, kind: 'event' },
  { key: 'EVENT_LISTENER_METADATA', kind: 'event' },
  { key: 'bullmq:worker_events_metadata', kind: 'queue' },
  { key: 'bullmq:queue_events_metadata', kind: 'queue' },
  { key: 'bull:module_queue_process', kind: 'queue' },
  { key: 'bull:module_on_queue_event', kind: 'queue' },
  { key: 'SCHEDULER_TYPE', kind: 'cron' },
];

const GATEWAY = 'websockets:is_gateway';
const GATEWAY_HOOKS = ['handleConnection', 'handleDisconnect'];
const BULLMQ_PROCESSOR = 'bullmq:processor_metadata';

/** Sockets, messages, events, queues and clocks: what no HTTP request calls. */
export function otherEntrances(app: INestApplication): readonly Entrance[] {
  const seen = new Set<unknown>();
  return componentsOf(app).flatMap((component) => {
    const { type } = component;
    // The same class in two modules is the same code.
    if (seen.has(type)) return [];
    seen.add(type);
    const entrance = (kind: EntranceKind, method: string, handler: object | undefined): Entrance => ({
      id: `${kind} ${type.name}.${method}`,
      kind,
      handler: `${type.name}.${method}`,
      isUntenanted: isUntenanted(handler, type),
      route: null,
    });
    const methods = [...methodsOf(component)];
    const found = methods.flatMap(([name, handler]) => {
      const kinds = ON_METHODS.filter(({ key, value }) => {
        const given = metadataOf(key, handler);
        return value === undefined ? given !== undefined : given === value;
      });
      const declared = declaredMethod(handler) ?? name;
      return [...new Set(kinds.map(({ kind }) => kind))].map((kind) => entrance(kind, declared, handler));
    });
    if (metadataOf(GATEWAY, type) === true) {
      found.push(
        ...methods
          .filter(([name]) => GATEWAY_HOOKS.includes(name))
          .map(([name, handler]) => entrance('websocket', name, handler)),
      );
    }
    if (metadataOf(BULLMQ_PROCESSOR, type) !== undefined)
      found.push(entrance('queue', 'process', type.prototype.process));
    return found;
  });
}
