import '@tenancy/testing/vitest';

export { afterAll, beforeAll, describe, expect, it } from 'vitest';
