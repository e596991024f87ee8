import { type ArgumentsHost, BadRequestException, Catch, ConflictException, NotFoundException } from '@nestjs/common';
import { Prisma } from '../generated/client.js';
import { ErrorsFilter } from '../web/errors.filter.js';

/** Prisma's errors that are the caller's: a row that is not there, a value that is taken, and text that PostgreSQL cannot keep. */
@Catch(Prisma.PrismaClientKnownRequestError)
export class PrismaErrorsFilter extends ErrorsFilter {
  override catch(error: Prisma.PrismaClientKnownRequestError, host: ArgumentsHost): void {
    super.catch(answerTo(error), host);
  }
}

function answerTo(error: Prisma.PrismaClientKnownRequestError): Error {
  switch (error.code) {
    case 'P2002':
      return new ConflictException();
    case 'P2003': // A foreign key names a row that is not this company's.
    case 'P2025':
      return new NotFoundException();
    case 'P2039': // PostgreSQL's own code says what it is; 22021 is text with a zero byte.
      return sqlStateOf(error) === '22021' ? new BadRequestException() : error;
    default:
      return error;
  }
}

function sqlStateOf({ meta }: Prisma.PrismaClientKnownRequestError): string | undefined {
  const adapterError = meta?.['driverAdapterError'] as { cause?: { originalCode?: string } } | undefined;
  return adapterError?.cause?.originalCode;
}
