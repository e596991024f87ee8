import { outsideAnyTenant } from '../context/enter.js';
import { isWall, markWall } from '../leftovers/wall.js';
import { currentOwner, openedFor, sealed, topicOf } from './topics.js';

/** The pubsub of Mercurius, or one that an application gives to it. */
export interface MercuriusPubSub {
  subscribe(topic: string, queue: Queue, ...more: unknown[]): unknown;
  publish(event: { readonly topic: string; readonly payload: unknown }, callback: unknown): unknown;
}

interface Queue {
  push(payload: unknown): unknown;
}

/**
 * Has each topic of Mercurius be the tenant's own, for resolvers (`@Context('pubsub')`) and `app.graphql.pubsub` alike: S6. It is changed
 * in place, since Mercurius makes it.
 */
export function divideTopics(pubSub: MercuriusPubSub): void {
  if (isWall(pubSub)) return;
  const { subscribe, publish } = pubSub;
  markWall(pubSub);
  pubSub.subscribe = (topic, queue, ...more) => {
    const owner = currentOwner();
    const own = topicOf(owner, topic);
    const push = (message: unknown) => {
      const opened = openedFor(owner, [own], message, []);
      return opened && queue.push(opened.payload);
    };
    // What else is kept on it, such as how to close it, is kept on the real one.
    const opening = new Proxy(queue, {
      get: (target, property) => {
        if (property === 'push') return push;
        const value: unknown = Reflect.get(target, property);
        return typeof value === 'function' ? value.bind(target) : value;
      },
      set: (target, property, value) => Reflect.set(target, property, value),
    });
    return outsideAnyTenant(() => subscribe.call(pubSub, own, opening, ...more));
  };
  pubSub.publish = (event, callback) => {
    const owner = currentOwner();
    const topic = topicOf(owner, event.topic);
    const message = { ...event, topic, payload: sealed(owner, topic, event.payload, []) };
    return outsideAnyTenant(() => publish.call(pubSub, message, callback));
  };
}
