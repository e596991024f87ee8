import { Controller, Get, Inject } from '@nestjs/common';
import type { Ask } from './row.js';

/** What the one handler of an application runs. */
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
