import type { INestApplication } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { tenantSockets } from '@tenancy/core/websockets';

/** Adds what belongs to an application rather than to a module: sockets, and the description of the API at `/openapi.json`. */
export function configure(app: INestApplication): void {
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
