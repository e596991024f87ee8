import { Converter, ReflectionKind } from 'typedoc';

/** Names each module as it is imported: `core/src/admin` is `@tenancy/core/admin`. @param {import('typedoc').Application} app */
export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const module of project.children ?? []) module.name = `@tenancy/${module.name.replace('/src', '')}`;
  });
  // A constructor has no heading that "overrides" could lead to.
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => {
    for (const one of project.getReflectionsByKind(ReflectionKind.Constructor | ReflectionKind.ConstructorSignature)) {
      one.overwrites = undefined;
      one.inheritedFrom = undefined;
    }
  });
}
