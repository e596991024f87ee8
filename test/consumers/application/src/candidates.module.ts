import { type DynamicModule, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { tenantDataSourceFactory } from '@tenancy/typeorm';
import { TenantTypeOrmModule } from '@tenancy/typeorm/nest';
import { CandidatesController } from './candidates.controller.js';
import { Candidate, Note, Skill } from './candidates.js';

const options = { type: 'sqljs', autoLoadEntities: true, synchronize: true } as const;

/** The ways to hold the data source of `@nestjs/typeorm` to the tenant. */
export const dataSources = {
  factory: () =>
    TypeOrmModule.forRootAsync({
      useFactory: () => options,
      dataSourceFactory: tenantDataSourceFactory({ shared: [Skill] }),
    }),
  forRoot: () => TenantTypeOrmModule.forRoot({ ...options, shared: [Skill] }),
} satisfies Record<string, () => DynamicModule>;

@Module({ imports: [TypeOrmModule.forFeature([Candidate, Note, Skill])], controllers: [CandidatesController] })
export class CandidatesModule {}
