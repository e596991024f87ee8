import { Inject, Injectable } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { isThenable } from '../context/thenable.js';
import { holdReplies, isClient } from './client.js';

type Factory = (...args: unknown[]) => unknown;
type Visitor = (client: object) => void;

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
    this.visit(holdReplies);
  }

  /** Visits each client, or the prototype of one that is made later. */
  visit(visitor: Visitor): void {
    for (const module of this.modules.values()) {
      for (const wrapper of [...module.providers.values(), ...module.controllers.values()] as unknown as Wrapper[]) {
        if (wrapper.isDependencyTreeStatic() && !wrapper.isTransient) visitWithin(wrapper.instance, visitor);
        else visitMade(wrapper, visitor);
      }
    }
  }
}

/** A client, or what keeps one in a property: that of `@Client()`, or one that a constructor has made. */
function visitWithin(instance: unknown, visitor: Visitor): void {
  if (isClient(instance)) visitor(instance);
  if (typeof instance !== 'object' || instance === null) return;
  // Not what a getter would have to make first.
  for (const { value } of Object.values(Object.getOwnPropertyDescriptors(instance))) {
    if (isClient(value)) visitor(value);
  }
}

/** Looks at what is made for each request, or for each that injects it, when it is made. */
function visitMade(wrapper: Wrapper, visitor: Visitor): void {
  const { metatype } = wrapper;
  if (typeof metatype !== 'function') return;
  const { prototype } = metatype as { prototype?: object };
  if (isClient(prototype)) visitor(prototype);
  if (!wrapper.inject) return;
  const held = (made: unknown) => {
    visitWithin(made, visitor);
    return made;
  };
  wrapper.metatype = (...args: unknown[]) => {
    const made = (metatype as Factory)(...args);
    return isThenable(made) ? made.then(held) : held(made);
  };
}
