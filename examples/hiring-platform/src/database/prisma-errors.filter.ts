import { type ArgumentsHost, Catch, ConflictException, NotFoundException } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { Prisma } from '../generated/client.js';

/** Prisma's errors that are the caller's: a row that is not there, and a value that is taken. */
@Catch(Prisma.PrismaClientKnownRequestError)
export class PrismaErrorsFilter extends BaseExceptionFilter {
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
    default:
      return error;
  }
}
