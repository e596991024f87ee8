import type { INestApplication } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { tenantSockets } from '@tenancy/core/websockets';
import { securityHeaders } from '../web/security-headers.js';

/** Adds what belongs to an application rather than to a module: headers of all answers, sockets, and the description of the API at `/openapi.json`. */
export function configure(app: INestApplication): void {
  app.getHttpAdapter().getInstance().disable('x-powered-by');
  // Before what reads bodies, which refuses some by itself.
  app.use(securityHeaders);
  app.useWebSocketAdapter(tenantSockets(new IoAdapter(app)));
  const about = new DocumentBuilder()
    .setTitle('Hiring platform')
    .setDescription('The host names the company. A token of a company is good at its own address.')
    .addBearerAuth()
    .build();
  SwaggerModule.setup('openapi', app, () => SwaggerModule.createDocument(app, about), {
    ui: false,
    raw: ['json'],
    jsonDocumentUrl: 'openapi.json',
  });
}
