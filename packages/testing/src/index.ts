export type { CoverageOfProof } from './branches/proof-coverage.js';
export type { UnreachedBranch } from './branches/unreached-branches.js';
export type { Canary, Sighting } from './canaries/canary.js';
export { CanaryRegistry } from './canaries/canary-registry.js';
export { findCanaries } from './canaries/find-canaries.js';
export { findInAnswer } from './canaries/find-in-answer.js';
export { plantCanaries } from './canaries/known-canaries.js';
export type { Planted, PlantedRow, Planting, TenantRows } from './canaries/planted.js';
export type { Entrance, EntranceKind, Route, RouteParameter } from './discovery/entrance.js';
export type { JsonSchema } from './discovery/json-schema.js';
export { createIsolationHarness } from './harness/create-isolation-harness.js';
export type { IsolationHarnessOptions, Seeding, SignedIn } from './harness/harness-options.js';
export type { Identity, IsolationHarness } from './harness/isolation-harness.js';
export type { Observer } from './harness/observer.js';
export type { Observation, Recorder, Recording } from './harness/recorder.js';
export type { RequestOptions, TenantClient } from './harness/tenant-client.js';
export type { HttpAnswer, HttpRequest, SentRequest } from './http-request.js';
export { answersAlike } from './matchers/answers-alike.js';
export { type BelongsToTenantOptions, belongsToTenant } from './matchers/belongs-to-tenant.js';
export { leaksNothingOf } from './matchers/leaks-nothing-of.js';
export { type Refusal, refusesTenant } from './matchers/refuses-tenant.js';
export { requiresTenant } from './matchers/requires-tenant.js';
export type { ParsedResponse } from './matchers/response.js';
export { type TenantMatchers, tenantMatchers } from './matchers/tenant-matchers.js';
export type { Verdict } from './matchers/verdict.js';
export { HarnessMisuseError } from './misuse.js';
export type { BaselineOption } from './proof/baseline/baseline-file.js';
export type { DescribeIsolationOptions, HarnessSource } from './proof/describe-isolation.js';
export { IsolationProof, proveIsolation } from './proof/isolation-proof.js';
export type { ProofOptions } from './proof/proof-options.js';
export type { ReportPaths } from './proof/report-files.js';
export type { Caller, Example, ExampleCall, ExampleRequest, Examples } from './proof/target/example.js';
export { type CurlOptions, curlOf } from './report/curl.js';
export { renderHtml } from './report/html/render-html.js';
export type {
  AttackName,
  AttackResult,
  BaselineOutcome,
  EntranceResult,
  Evidence,
  IsolationReport,
  ProofVerdict,
  RowChange,
} from './report/isolation-report.js';
export { renderJunit } from './report/render-junit.js';
export { renderSarif } from './report/render-sarif.js';
export { renderTerminal, type TerminalOptions } from './report/render-terminal.js';
export { fromJson, SCHEMA_VERSION, toJson } from './report/to-json.js';
export { type TenancyTestOptions, tenancyTestProviders } from './unit/tenancy-test-providers.js';
export { type Lookup, TestTenantRegistry } from './unit/test-tenant-registry.js';
export { forgedTestTokens, signTestToken, type TestTokenOptions } from './unit/test-token.js';
export { withTenant } from './unit/with-tenant.js';
