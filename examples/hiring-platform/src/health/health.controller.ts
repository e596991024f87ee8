import { Controller, Get } from '@nestjs/common';
import { Untenanted } from '@tenancy/core';
import { Public } from '../auth/public.decorator.js';

@Controller('health')
export class HealthController {
  @Untenanted()
  @Public()
  @Get()
  health() {
    return { status: 'ok' };
  }
}
