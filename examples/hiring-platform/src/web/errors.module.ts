import { Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { ErrorsFilter } from './errors.filter.js';

/** Nest asks the last filter first, so this is imported before those of both ORMs: it takes what they leave. */
@Module({ providers: [{ provide: APP_FILTER, useClass: ErrorsFilter }] })
export class ErrorsModule {}
