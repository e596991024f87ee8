import { Injectable } from '@nestjs/common';
import {
  CommandBus,
  CommandHandler,
  CqrsModule,
  EventBus,
  EventsHandler,
  ofType,
  QueryBus,
  QueryHandler,
  Saga,
} from '@nestjs/cqrs';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { debounceTime, delay, map, type Observable } from 'rxjs';
import { type Ask, inCompany, inHandler, type Seen, type Subject, seen } from '../row.js';

type Answer = (found?: Seen) => void;

class Look {
  constructor(readonly answer: Answer) {}
}
class Happened extends Look {}
class HappenedOften extends Look {}
class HappenedLater extends Look {}

@CommandHandler(Look)
class LookHandler {
  async execute({ answer }: Look): Promise<Seen> {
    answer(seen());
    return seen();
  }
}

class Whose {}

@QueryHandler(Whose)
class WhoseHandler {
  async execute(): Promise<Seen> {
    return seen();
  }
}

@EventsHandler(Happened)
class HappenedHandler {
  handle({ answer }: Happened): void {
    answer(seen());
  }
}

@Injectable()
class Sagas {
  @Saga()
  delayed = (events: Observable<object>): Observable<Look> =>
    events.pipe(
      ofType(HappenedLater),
      delay(1),
      map(({ answer }) => new Look(answer)),
    );

  @Saga()
  debounced = (events: Observable<object>): Observable<Look> =>
    events.pipe(
      ofType(HappenedOften),
      debounceTime(5),
      map(({ answer }) => new Look(answer)),
    );
}

const cqrs = { imports: [CqrsModule.forRoot()], providers: [LookHandler, WhoseHandler, HappenedHandler, Sagas] };

@Injectable()
class Listeners {
  @OnEvent('at once')
  atOnce(answer: Answer) {
    answer(seen());
  }

  @OnEvent('later', { async: true })
  async later(answer: Answer) {
    answer(seen());
  }
}

const emitting = { imports: [EventEmitterModule.forRoot()], providers: [Listeners] };

/** Asks, and lets go of whoever of the same company asked before within the moment: an operator drops those. */
function latest(publish: (answer: Answer) => void): Ask {
  const waiting = new Map<Seen, Set<(found?: Seen) => void>>();
  return inCompany(
    () =>
      new Promise((resolve) => {
        const own = waiting.get(seen()) ?? new Set();
        waiting.set(seen(), own.add(resolve));
        publish((found) => {
          resolve(found);
          for (const earlier of own) earlier(undefined);
          own.clear();
        });
      }),
  );
}

// core-11: who emits.
export const nest: Subject = {
  about: 'CQRS and events of Nest',
  rows: [
    inHandler(
      'CQRS: command and query handlers',
      'right',
      ({ app }) =>
        async () => {
          const command = await app.get(CommandBus).execute<Look, Seen>(new Look(() => {}));
          const query = await app.get(QueryBus).execute<Whose, Seen>(new Whose());
          return command === query ? command : 'different ones';
        },
      { modules: cqrs },
    ),
    inHandler(
      'CQRS: event handlers',
      'right',
      ({ app }) =>
        () =>
          new Promise<Seen | undefined>((resolve) => app.get(EventBus).publish(new Happened(resolve))),
      { modules: cqrs },
    ),
    inHandler(
      'CQRS: a saga, also with `delay`',
      'right',
      ({ app }) =>
        () =>
          new Promise<Seen | undefined>((resolve) => app.get(EventBus).publish(new HappenedLater(resolve))),
      { modules: cqrs },
    ),
    inHandler(
      'CQRS: a saga with `debounceTime`',
      'right',
      ({ app }) => latest((answer) => app.get(EventBus).publish(new HappenedOften(answer))),
      { modules: cqrs },
    ),
    inHandler(
      '`@OnEvent`',
      'right',
      ({ app }) =>
        () =>
          new Promise<Seen | undefined>((resolve) => app.get(EventEmitter2).emit('at once', resolve)),
      { modules: emitting },
    ),
    inHandler(
      '`@OnEvent` with `async: true`',
      'right',
      ({ app }) =>
        () =>
          new Promise<Seen | undefined>((resolve) => app.get(EventEmitter2).emit('later', resolve)),
      { modules: emitting },
    ),
    inHandler(
      '`await emitter.emitAsync(…)`',
      'right',
      ({ app }) =>
        async () => {
          await app.get(EventEmitter2).emitAsync('later', () => {});
          return seen();
        },
      { modules: emitting },
    ),
  ],
};
