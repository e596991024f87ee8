import { Controller, Get, Inject } from '@nestjs/common';
import type { Ask } from './row.js';

/** The work of an application's one handler. */
export class Asked {
  ask: Ask = () => {
    throw new Error('The application has not started.');
  };
}

@Controller('ask')
export class AskController {
  constructor(@Inject(Asked) private readonly asked: Asked) {}

  @Get()
  async answer() {
    return { seen: await this.asked.ask() };
  }
}
