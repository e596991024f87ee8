import { type ArgumentsHost, BadRequestException, Catch, ConflictException, NotFoundException } from '@nestjs/common';
import { TenantScopeError } from '@tenancy/typeorm';
import { EntityNotFoundError, QueryFailedError, TypeORMError } from 'typeorm';
import { ErrorsFilter } from '../web/errors.filter.js';

/** TypeORM's errors that are the caller's, answered as Prisma's are. */
@Catch(TypeORMError, TenantScopeError)
export class TypeOrmErrorsFilter extends ErrorsFilter {
  override catch(error: TypeORMError | TenantScopeError, host: ArgumentsHost): void {
    super.catch(answerTo(error), host);
  }
}

function answerTo(error: TypeORMError | TenantScopeError): Error {
  if (error instanceof EntityNotFoundError) return new NotFoundException();
  if (error instanceof TenantScopeError) {
    return error.code === 'tenant_row_unavailable' ? new NotFoundException() : error;
  }
  if (!(error instanceof QueryFailedError)) return error;
  switch ((error.driverError as { readonly code?: string }).code) {
    case '23505': // unique_violation
      return new ConflictException();
    case '23503': // foreign_key_violation: it names a row that is not this company's.
      return new NotFoundException();
    case '22021': // character_not_in_repertoire: text with a zero byte.
      return new BadRequestException();
    default:
      return error;
  }
}
