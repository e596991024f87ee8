import '@tenancy/testing/jest';

export { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
