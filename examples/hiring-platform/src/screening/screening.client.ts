import { Inject, Injectable, Logger } from '@nestjs/common';
import { ClientProxy } from '@nestjs/microservices';
import { firstValueFrom, timeout } from 'rxjs';
import { SCREEN, type Screened, type Screening } from './screening.js';

export const SCREENING_SERVICE = Symbol('SCREENING_SERVICE');

/** The platform's side of the screening service. It names no company: messages carry the current one. */
@Injectable()
export class ScreeningClient {
  readonly #logger = new Logger(ScreeningClient.name);

  constructor(@Inject(SCREENING_SERVICE) private readonly service: ClientProxy) {}

  /** Null where the service does not answer: nobody's application is refused for that. */
  async screen(asked: Screened): Promise<Screening | null> {
    try {
      return await firstValueFrom(this.service.send<Screening, Screened>(SCREEN, asked).pipe(timeout(PATIENCE)));
    } catch (error) {
      this.#logger.warn(`A candidate was not screened: ${(error as Error).message}`);
      return null;
    }
  }
}

/** Milliseconds that an applicant waits at most. */
const PATIENCE = 10_000;
