import { answerHeaders } from './answer-headers.js';
import type { Attack } from './attack.js';
import { existence } from './existence.js';
import { foreignId } from './foreign-id.js';
import { inputs } from './inputs.js';
import { interference } from './interference.js';
import { interleaved } from './interleaved.js';
import { noTenant } from './no-tenant.js';
import { otherHost } from './other-host.js';
import { overheard } from './overheard.js';
import { situations } from './situations.js';
import { stamps } from './stamps.js';
import { tenantField } from './tenant-field.js';
import { tenantHeader } from './tenant-header.js';
import { warmCache } from './warm-cache.js';

/** After `own`, which says whether the others mean anything. */
export const ATTACKS: readonly Attack[] = [
  noTenant,
  otherHost,
  foreignId,
  existence,
  tenantField,
  inputs,
  tenantHeader,
  warmCache,
  interference,
  interleaved,
  overheard,
  situations,
  answerHeaders,
  stamps,
];
