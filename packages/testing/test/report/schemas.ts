import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import Ajv from 'ajv';
import { memoryPages, validateXML } from 'xmllint-wasm';

const require = createRequire(import.meta.url);
const ajv = new Ajv({ schemaId: 'auto', allErrors: true });
ajv.addMetaSchema(require('ajv/lib/refs/json-schema-draft-04.json'));
const isSarif = ajv.compile(require('@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json'));

/** The places at which a text departs from the JSON schema of SARIF 2.1.0. */
export function wrongInSarif(text: string): readonly string[] {
  isSarif(JSON.parse(text));
  return (isSarif.errors ?? []).map(({ dataPath, message }) => `${dataPath} ${message}`);
}

const JUNIT = readFileSync(join(import.meta.dirname, 'junit.xsd'), 'utf8');

/** Complaints of libxml2 about a text: as XML, and by the schema of JUnit's reports. */
export async function wrongInJunit(xml: string): Promise<readonly string[]> {
  const { errors } = await validateXML({
    xml: { fileName: 'isolation.xml', contents: xml },
    schema: JUNIT,
    maxMemoryPages: memoryPages.GiB,
  });
  return errors.map(({ rawMessage }) => rawMessage);
}
