import { type CanActivate, type ExecutionContext, ForbiddenException, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { type Deployment, InjectDeployment } from '../settings/settings.module.js';
import { sessionName } from './session-cookie.js';

const SAFE = ['GET', 'HEAD', 'OPTIONS'];

/**
 * Refuses what a page of another host sends here in a browser's name, another company's pages among them. Browsers name the page
 * in `Origin` with every POST; whoever sends a cookie without saying from where is refused too.
 */
@Injectable()
export class OwnOriginGuard implements CanActivate {
  constructor(@InjectDeployment() private readonly deployment: Deployment) {}

  canActivate(context: ExecutionContext): boolean {
    if (context.getType() !== 'http') return true;
    const { method, headers } = context.switchToHttp().getRequest<Request>();
    if (SAFE.includes(method)) return true;
    if (!this.#isOwnHost(headers)) throw new ForbiddenException('another_origin');
    // Behind a proxy that ends TLS and that nobody told the platform of, the cookie would go over http as well.
    const { origin } = headers;
    if (origin === undefined || new URL(origin).protocol === `${this.deployment.protocol}:`) return true;
    throw new ForbiddenException('another_protocol');
  }

  #isOwnHost({ origin, host, cookie, 'sec-fetch-site': site }: Request['headers']): boolean {
    if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
    if (origin === undefined) return !(cookie ?? '').includes(`${sessionName(this.deployment.protocol)}=`);
    return URL.canParse(origin) && new URL(origin).host === host?.toLowerCase();
  }
}
