import { type CanActivate, type ExecutionContext, ForbiddenException, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { SESSION } from './session-cookie.js';

const SAFE = ['GET', 'HEAD', 'OPTIONS'];

/**
 * Refuses what a page of another host sends here in a browser's name, another company's pages among them. Browsers name the page
 * in `Origin` with every POST; whoever sends a cookie without saying from where is refused too.
 */
@Injectable()
export class OwnOriginGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    if (context.getType() !== 'http') return true;
    const { method, headers } = context.switchToHttp().getRequest<Request>();
    if (SAFE.includes(method) || isFromOwnPage(headers)) return true;
    throw new ForbiddenException('another_origin');
  }
}

function isFromOwnPage({ origin, host, cookie, 'sec-fetch-site': site }: Request['headers']): boolean {
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
  if (origin === undefined) return !(cookie ?? '').includes(`${SESSION}=`);
  return URL.canParse(origin) && new URL(origin).host === host?.toLowerCase();
}
