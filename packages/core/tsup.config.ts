import { packageBuild } from '../../tsup.base.ts';

const library = packageBuild(
  {
    index: 'src/index.ts',
    adapter: 'src/adapter.ts',
    admin: 'src/admin.ts',
    bullmq: 'src/bullmq.ts',
    cache: 'src/cache.ts',
    eslint: 'src/eslint.ts',
    events: 'src/events.ts',
    graphql: 'src/graphql.ts',
    http: 'src/http.ts',
    lifecycle: 'src/lifecycle.ts',
    logging: 'src/logging.ts',
    microservices: 'src/microservices.ts',
    schedule: 'src/schedule.ts',
    'signed-header': 'src/signed-header.ts',
    storage: 'src/storage.ts',
    throttler: 'src/throttler.ts',
    websockets: 'src/websockets.ts',
  },
  {
    plugins: [
      {
        // What is split is built as ESM first. In CommonJS `import.meta` is a syntax error, Jest knows no `import()`, and
        // bundlers follow a literal `require` inside of `try`: esbuild does in ESM, too, where Node has none.
        name: 'peers',
        renderChunk(code) {
          const own = /createRequire\(import\.meta\.url\)(\(.+?\))/g;
          if (this.format !== 'cjs') {
            return { code: code.replace(own, "(typeof require === 'function' ? require$1 : $&)") };
          }
          return { code: code.replace(own, 'require$1').replaceAll('await import(', 'require(') };
        },
      },
    ],
  },
);

/** Schematics, in CommonJS, which Nest's command can load on every version. */
const schematics = packageBuild(
  {
    'nest-add': 'src/schematics/nest-add.ts',
    'isolation-test': 'src/schematics/isolation-test.ts',
    policies: 'src/schematics/policies.ts',
  },
  { format: ['cjs'], outDir: 'schematics/dist', dts: false },
);

export default [library, schematics];
