// Generates every client of the tests, offline.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { prismaGenerate } from './prisma-generate.mjs';

const pathOf = (path) => fileURLToPath(new URL(path, import.meta.url));

/** The same models for another generator or kind of database. */
async function rewritten(schema, file, rewrite) {
  await mkdir(dirname(pathOf(file)), { recursive: true });
  await writeFile(pathOf(file), rewrite(await readFile(pathOf(schema), 'utf8')));
  await prismaGenerate(pathOf(file), dirname(pathOf(schema)));
}

const written = ['agency', 'database', 'enumeration', 'names'].map((folder) =>
  prismaGenerate(pathOf(`${folder}/schema.prisma`), pathOf(folder)),
);
const forEachProvider = ['company', 'oracle'].flatMap((folder) =>
  ['postgresql', 'sqlite'].map((provider) =>
    rewritten(`${folder}/schema.prisma`, `${folder}/generated/${provider}.prisma`, (text) =>
      text.replaceAll('./generated/', './').replaceAll('postgresql', provider),
    ),
  ),
);
await Promise.all([...written, ...forEachProvider]);
// The generator that most applications have, in the folder that holds the other's client.
await rewritten('database/schema.prisma', 'generated/prisma-client-js.prisma', (text) =>
  text.replace('"prisma-client"', '"prisma-client-js"').replace('../generated', './js'),
);
