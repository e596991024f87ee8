// A generator of the tests: what `prisma generate` knows of every operation and every type of an argument, as it is.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import helper from '@prisma/generator-helper';

helper.generatorHandler({
  onManifest: () => ({ defaultOutput: './generated' }),
  onGenerate: async ({ generator, dmmf }) =>
    writeFileSync(
      join(generator.output.value, 'types.json'),
      JSON.stringify({ ...dmmf.schema, mappings: dmmf.mappings }),
    ),
});
