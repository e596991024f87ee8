import { Reflector } from '@nestjs/core';

/** A route that takes a password: whoever guesses may not try as many as there are calls. */
export const TakesPassword = Reflector.createDecorator<true>({ transform: () => true });
