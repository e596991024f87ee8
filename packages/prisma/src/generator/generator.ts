import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import generatorHelper, { type GeneratorOptions } from '@prisma/generator-helper';
import { modelsWithoutDefault, tenancySchema } from './tenancy-schema.js';

// It is CommonJS, and Node finds no names in it.
const { generatorHandler } = generatorHelper;

/** `generator tenancy { provider = "tenancy-prisma" }`: writes what `tenantScoped` needs to know of the schema. */
generatorHandler({
  onManifest: () => ({ prettyName: '@tenancy/prisma', defaultOutput: './generated' }),
  onGenerate: write,
});

async function write({ generator, dmmf, datamodel }: GeneratorOptions): Promise<void> {
  const { output, config } = generator;
  const folder = output?.value;
  if (!folder) throw new Error('tenancy-prisma: no `output`. Name the folder to write tenancy.ts into.');
  const tenantField = typeof config['tenantField'] === 'string' ? config['tenantField'] : 'tenantId';
  for (const model of modelsWithoutDefault(dmmf.datamodel, tenantField)) {
    console.warn(
      `tenancy-prisma: ${model}.${tenantField} has no default, so types demand it of every new ${model}. ` +
        `Add @default(dbgenerated("current_setting('app.tenant_id')")); the scope writes the value.`,
    );
  }
  const relationMode = /^\s*relationMode\s*=\s*"prisma"/m.test(datamodel) ? 'prisma' : 'foreignKeys';
  const schema = JSON.stringify(tenancySchema(dmmf.datamodel, datamodel, relationMode), null, 2);
  await mkdir(folder, { recursive: true });
  await writeFile(
    join(folder, 'tenancy.ts'),
    `// Written by \`prisma generate\` (tenancy-prisma). Do not change it.\n\nexport const tenancySchema = ${schema};\n`,
  );
}
