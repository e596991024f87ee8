import { Module } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { fromJwt, fromSubdomain, InMemoryTenantRegistry, TenancyModule } from '@tenancy/core';
import { JobsController } from './jobs.controller.js';
import { JobsService } from './jobs.service.js';

export const acme = { id: 't_acme', slug: 'acme' };
export const globex = { id: 't_globex', slug: 'globex' };
export const SECRET = 'a-secret-of-the-consumer-with-more-than-32-bytes';

const jwt = new JwtService({ secret: SECRET, verifyOptions: { algorithms: ['HS256'] } });

@Module({
  imports: [
    TenancyModule.forRoot({
      registry: new InMemoryTenantRegistry([acme, globex]),
      sources: [fromSubdomain({ baseDomain: 'app.example.com' }), fromJwt({ verifier: (token) => jwt.verify(token) })],
    }),
  ],
  controllers: [JobsController],
  providers: [JobsService],
})
export class AppModule {}
