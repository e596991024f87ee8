import type { Route, RouteParameter } from './entrance.js';
import type { JsonSchema } from './json-schema.js';

interface Operation {
  readonly parameters?: readonly {
    readonly in?: string;
    readonly name?: string;
    readonly required?: boolean;
    readonly schema?: JsonSchema;
    readonly example?: unknown;
  }[];
  readonly requestBody?: {
    readonly content?: Readonly<Record<string, { readonly schema?: JsonSchema; readonly example?: unknown }>>;
  };
}

interface Document {
  readonly paths?: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

/** The routes of an OpenAPI document, beyond what their handlers say. */
export class OpenApi {
  readonly #document: Document;

  /** @throws TypeError when it is none. */
  constructor(document: unknown) {
    const { paths } = (document ?? {}) as Document;
    if (typeof paths !== 'object' || paths === null) {
      throw new TypeError(
        '`discovery.openApi` is no OpenAPI document: it has no `paths`. Pass what `SwaggerModule.createDocument` makes.',
      );
    }
    this.#document = document as Document;
  }

  completed(route: Route): Route {
    const operation = this.#operation(route);
    if (!operation) return route;
    const described = (operation.parameters ?? []).flatMap((parameter): RouteParameter[] => {
      const { in: place, name, required = false, schema, example } = parameter;
      if (name === undefined || (place !== 'path' && place !== 'query')) return [];
      const resolved = schema && this.#resolved(schema);
      return [
        {
          in: place,
          name,
          isRequired: required,
          schema: example === undefined ? (resolved ?? null) : { ...resolved, example },
        },
      ];
    });
    const of = (known: RouteParameter) =>
      described.find(({ in: place, name }) => place === known.in && name === known.name);
    const more = described.filter(
      (each) => each.in === 'query' && !route.parameters.some(({ name }) => name === each.name),
    );
    const content = operation.requestBody?.content?.['application/json'];
    const body =
      content?.example === undefined ? content?.schema && this.#resolved(content.schema) : { example: content.example };
    return {
      ...route,
      parameters: [...route.parameters.map((known) => of(known) ?? known), ...more],
      body: body ?? route.body,
    };
  }

  #operation({ method, path }: Route): Operation | undefined {
    const written = path.replaceAll(/:(\w+)/g, '{$1}');
    return this.#document.paths?.[written]?.[method.toLowerCase()];
  }

  /** With every `$ref` in it followed, to a depth that no example needs more than. */
  #resolved(schema: JsonSchema, depth = 8): JsonSchema {
    if (depth === 0) return {};
    const { $ref, ...own } = schema;
    if ($ref !== undefined) return this.#resolved(this.#at($ref), depth - 1);
    const inside = (each: JsonSchema) => this.#resolved(each, depth - 1);
    const all = (list: readonly JsonSchema[]) => list.map(inside);
    return {
      ...own,
      ...(own.properties && {
        properties: Object.fromEntries(Object.entries(own.properties).map(([name, each]) => [name, inside(each)])),
      }),
      ...(own.items && { items: inside(own.items) }),
      ...(own.anyOf && { anyOf: all(own.anyOf) }),
      ...(own.oneOf && { oneOf: all(own.oneOf) }),
      ...(own.allOf && { allOf: all(own.allOf) }),
    };
  }

  #at(reference: string): JsonSchema {
    let value: unknown = this.#document;
    for (const part of reference.replace(/^#\//, '').split('/')) {
      value = (value as Record<string, unknown> | undefined)?.[part.replaceAll('~1', '/').replaceAll('~0', '~')];
    }
    return (value ?? {}) as JsonSchema;
  }
}
