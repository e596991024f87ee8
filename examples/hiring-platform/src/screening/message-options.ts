import { createHmac } from 'node:crypto';
import { Transport } from '@nestjs/microservices';
import type { TenantMicroservicesOptions } from '@tenancy/core/microservices';
import type { Deployment } from '../settings/settings.module.js';

/** The same secret on both sides: whoever can reach the port can ask in no company's name. */
export function messageOptions({ jwtSecret }: Deployment): TenantMicroservicesOptions {
  return { secret: createHmac('sha256', jwtSecret).update('messages').digest('base64url') };
}

/** The address of the screening service, to listen at and to ask at. */
export function screeningAddress({ screeningPort: port }: Deployment) {
  return { transport: Transport.TCP as const, options: { host: '127.0.0.1', port } };
}
