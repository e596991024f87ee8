import type { Tenant } from '@tenancy/core';
import type { Arbitrary } from 'fast-check';
import { code } from '../fuzzed/code.js';
import type { FuzzedClient, KnownModels, Operation, Random } from '../fuzzed/fuzzed-client.js';
import { misuse } from '../fuzzed/isolation-fuzz-error.js';
import { type Chain, print, run } from './chain.js';
import type { DataSourceLike } from './data-source-like.js';
import { type TypeormEntity, typeormEntities } from './typeorm-entity.js';
import { TypeormReads } from './typeorm-reads.js';
import { type Data, TypeormValues } from './typeorm-values.js';
import { typeormWrites, type Write } from './typeorm-writes.js';

type Loaded = Extract<Write, { readonly method: string }>;
type Given = { readonly entity: string } & Write;

/** A data source of TypeORM, which describes its entities itself. */
export class FuzzedTypeorm implements FuzzedClient {
  readonly #entities: ReadonlyMap<string, TypeormEntity>;

  constructor(source: DataSourceLike, tenantFields: readonly string[]) {
    this.#entities = typeormEntities(source, tenantFields);
    if (this.#entities.size === 0) throw misuse('the data source has no entities. Name them in its options.');
  }

  get models(): readonly string[] {
    const all = [...this.#entities.values()];
    const owned = all.filter(({ tenantProperty }) => tenantProperty !== null);
    return [...owned, ...all.filter((each) => !owned.includes(each))].map(({ name }) => name);
  }

  async rowsOf(client: object, name: string): Promise<readonly Data[]> {
    const { primary, columns } = this.#entities.get(name) as TypeormEntity;
    const order = Object.fromEntries(primary.map((property) => [property, 'ASC']));
    const options = { order, withDeleted: true, loadEagerRelations: false };
    const rows = (await run(this.#repository(client, name), [['find', options]])) as Data[];
    return rows.map((row) => Object.fromEntries(columns.map(({ property }) => [property, row[property]])));
  }

  operations(random: Random, known: KnownModels, tenant: Tenant, tenants: readonly Tenant[]): Arbitrary<Operation> {
    const reads = new TypeormReads(new TypeormValues(random, this.#entities, known, tenant, tenants));
    const operations = [...this.#entities.values()].map((entity) => {
      const read = (chain: Arbitrary<Chain>) => chain.map((each) => operation(entity, { chain: each }, false));
      const writes = typeormWrites(reads, entity);
      return {
        weight: entity.tenantProperty === null ? 1 : 3,
        arbitrary: random.oneof(
          { weight: 4, arbitrary: read(reads.found(entity)) },
          { weight: 3, arbitrary: read(reads.built(entity)) },
          ...(writes.length === 0
            ? []
            : [{ weight: 5, arbitrary: random.oneof(...writes).map((write) => operation(entity, write, true)) }]),
        ),
      };
    });
    return random.oneof(...operations);
  }

  async perform(client: object, { given }: Operation): Promise<unknown> {
    const { entity, ...write } = given as Given;
    const repository = this.#repository(client, entity);
    if ('chain' in write) return run(repository, write.chain);
    const loaded = await run(repository, [['findOneBy', write.loadedBy]]);
    if (!loaded) return null;
    // An entity keeps its class, so it is not copied as the arguments of a chain are.
    const { [write.method]: method } = repository as Readonly<Record<Loaded['method'], (row: object) => unknown>>;
    return Reflect.apply(method, repository, [Object.assign(loaded, structuredClone(write.changes))]);
  }

  print({ given }: Operation): string {
    const { entity, ...write } = given as Given;
    const repository = `dataSource.getRepository('${entity}')`;
    if ('chain' in write) return print(repository, write.chain);
    const { loadedBy, changes, method } = write;
    const row = Object.keys(changes).length === 0 ? 'row' : `Object.assign(row, ${code(changes, '    ')})`;
    return `{\n    const repository = ${repository};\n    return repository.findOneBy(${code(loadedBy, '    ')}).then((row) => row && repository.${method}(${row}));\n  }`;
  }

  #repository(client: object, name: string): object {
    return (client as DataSourceLike).getRepository((this.#entities.get(name) as TypeormEntity).target);
  }
}

function operation({ name }: TypeormEntity, write: Write, isWrite: boolean): Operation {
  const method = 'chain' in write ? (write.chain[write.chain.length - 1]?.[0] ?? '') : write.method;
  const given: Given = { entity: name, ...write };
  return { isWrite, isOrdered: true, name: `${name}.${method}`, given };
}
