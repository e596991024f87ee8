import { type ArgumentsHost, Catch, HttpException } from '@nestjs/common';
import { BaseWsExceptionFilter, WsException } from '@nestjs/websockets';

/** Guards, pipes and services say what is the caller's in HTTP's words, of which Nest tells sockets nothing. */
@Catch(HttpException)
export class SocketErrorsFilter extends BaseWsExceptionFilter {
  override catch(error: HttpException, host: ArgumentsHost): void {
    super.catch(new WsException(error.message), host);
  }
}
