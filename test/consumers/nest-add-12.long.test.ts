import { describeNestAdd } from './nest-add.ts';

const schema = `generator client {
  provider = "prisma-client"
  output   = "../src/generated"
}

datasource db {
  provider = "postgresql"
}

model Job {
  id       String @id @default(uuid())
  tenantId String @default(dbgenerated("current_setting('app.tenant_id')")) @map("tenant_id")
}
`;

describeNestAdd('12.0.8', {
  name: 'prisma',
  dependencies: { '@prisma/adapter-pg': '^7.1.0', '@prisma/client': '^7.1.0', prisma: '^7.1.0' },
  files: {
    'prisma/schema.prisma': schema,
    'prisma.config.ts':
      "import { defineConfig } from 'prisma/config';\n\nexport default defineConfig({ schema: 'prisma/schema.prisma' });\n",
  },
  generate: ['node_modules/.bin/prisma', 'generate'],
  migrations: 'prisma/migrations',
});
