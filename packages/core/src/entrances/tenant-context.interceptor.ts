import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { Observable } from 'rxjs';
import { storage } from '../context/storage.js';
import { storeOf } from './request-entrance.js';

/**
 * Puts a handler, and the stream it returns, back into the context of its request, after an interceptor that loses it.
 *
 * The module does not mount it: the entrance covers the whole response already, and an interceptor costs every request.
 */
@Injectable()
export class TenantContextInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const store = context.getType() === 'http' ? storeOf(context.getArgByIndex(0)) : storage.getStore();
    if (store === undefined) return next.handle();
    return new Observable((subscriber) => storage.run(store, () => next.handle().subscribe(subscriber)));
  }
}
