module.exports = {
  testEnvironment: 'node',
  testTimeout: 300_000,
  // Not in the temporary folder, where it would stay.
  cacheDirectory: '<rootDir>/.jest-cache',
  testMatch: ['<rootDir>/test/*.spec.ts'],
  // The sources name the files that a compiler would make of them.
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          target: 'es2022',
        },
        module: { type: 'commonjs' },
      },
    ],
  },
};
