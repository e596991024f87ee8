import { describeNestAdd } from './nest-add.ts';

const entity = `import { TenantColumn } from '@tenancy/typeorm';
import { Entity, PrimaryGeneratedColumn } from 'typeorm';

@Entity()
export class Job {
  @PrimaryGeneratedColumn('uuid')
  id!: string;

  @TenantColumn({ name: 'tenant_id' })
  tenantId!: string;
}
`;
const registered = "TypeOrmModule.forRoot({ type: 'postgres', url: process.env.DATABASE_URL, entities: [Job] }), ";

describeNestAdd('11.0.24', {
  name: 'typeorm',
  dependencies: { '@nestjs/typeorm': '^11.0.0', typeorm: '^0.3.20' },
  files: {
    'src/job.entity.ts': entity,
    'src/app.module.ts': (text) =>
      `import { TypeOrmModule } from '@nestjs/typeorm';\nimport { Job } from './job.entity';\n${text.replace('imports: [', `$&${registered}`)}`,
  },
  migrations: 'src/migrations',
});
