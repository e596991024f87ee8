import type { IncomingMessage, ServerResponse } from 'node:http';
import { All, applyDecorators, Controller, Req, Res, type Type } from '@nestjs/common';

/** The request and response as middleware has them on either adapter, with whatever it put there. */
export interface Exchange {
  readonly request: IncomingMessage & Record<string, unknown>;
  readonly response: ServerResponse;
  /** The number that the client sent along. */
  readonly id: number;
  /** The adapter's own. */
  readonly adapted: { readonly request: Record<string, unknown>; readonly response: Record<string, unknown> };
}

/** A controller at `/row` whose one handler is `fn`. */
export function handle(fn: (exchange: Exchange) => unknown, ...decorators: MethodDecorator[]): Type {
  @Controller('row')
  class RowController {
    @All()
    @applyDecorators(...decorators)
    handle(@Req() request: Adapted, @Res({ passthrough: true }) response: Adapted) {
      return fn(exchange(request, response));
    }
  }
  return RowController;
}

interface Adapted extends Record<string, unknown> {
  readonly raw?: unknown;
  readonly url: string;
}

/** Both halves of a request, from what either adapter hands on. */
export function exchange(request: Adapted, response: Adapted): Exchange {
  const id = Number(new URL(request.url, 'http://localhost').searchParams.get('id'));
  return {
    request: (request.raw ?? request) as Exchange['request'],
    response: (response.raw ?? response) as ServerResponse,
    id,
    adapted: { request, response },
  };
}
