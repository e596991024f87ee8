import { describeIsolation } from '@tenancy/testing/vitest';
import { harness } from './harness.js';
import { report } from './report.js';

describeIsolation(await harness(), { report });
