import { Inject, Injectable } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { isThenable } from '../context/thenable.js';
import { holdReplies, isClient } from './client.js';

type Factory = (...args: unknown[]) => unknown;

/** Nest's record of a provider or controller. */
interface Wrapper {
  metatype: unknown;
  readonly inject?: unknown;
  readonly instance: unknown;
  isDependencyTreeStatic(): boolean;
  readonly isTransient: boolean;
}

/** Finds the clients of other services that Nest injects, so that nobody needs to name them. */
@Injectable()
export class Clients {
  constructor(@Inject(ModulesContainer) private readonly modules: ModulesContainer) {}

  /** Called once everything that lives as long as the application has been made. */
  hold(): void {
    for (const module of this.modules.values()) {
      for (const wrapper of [...module.providers.values(), ...module.controllers.values()] as unknown as Wrapper[]) {
        if (wrapper.isDependencyTreeStatic() && !wrapper.isTransient) holdWithin(wrapper.instance);
        else holdMade(wrapper);
      }
    }
  }
}

/** A client, or what keeps one in a property: that of `@Client()`, or one that a constructor has made. */
function holdWithin(instance: unknown): void {
  if (isClient(instance)) holdReplies(instance);
  if (typeof instance !== 'object' || instance === null) return;
  // Not what a getter would have to make first.
  for (const { value } of Object.values(Object.getOwnPropertyDescriptors(instance))) {
    if (isClient(value)) holdReplies(value);
  }
}

function held<T>(made: T): T {
  holdWithin(made);
  return made;
}

/** Looks at what is made for each request, or for each that injects it, when it is made. */
function holdMade(wrapper: Wrapper): void {
  const { metatype } = wrapper;
  if (typeof metatype !== 'function') return;
  const { prototype } = metatype as { prototype?: object };
  if (isClient(prototype)) holdReplies(prototype);
  if (!wrapper.inject) return;
  wrapper.metatype = (...args: unknown[]) => {
    const made = (metatype as Factory)(...args);
    return isThenable(made) ? made.then(held) : held(made);
  };
}
