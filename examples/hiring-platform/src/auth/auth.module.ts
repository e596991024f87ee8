import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { JwtModule } from '@nestjs/jwt';
import { DEPLOYMENT, type Deployment } from '../settings/settings.module.js';
import { AuthController } from './auth.controller.js';
import { AuthService } from './auth.service.js';
import { Sessions } from './sessions.js';
import { SignedInGuard } from './signed-in.guard.js';

@Module({
  imports: [
    JwtModule.registerAsync({
      inject: [DEPLOYMENT],
      useFactory: ({ jwtSecret }: Deployment) => ({ secret: jwtSecret, signOptions: { expiresIn: '8h' } }),
    }),
  ],
  controllers: [AuthController],
  providers: [AuthService, Sessions, { provide: APP_GUARD, useClass: SignedInGuard }],
  exports: [AuthService, Sessions],
})
export class AuthModule {}
