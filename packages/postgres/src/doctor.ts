export type { CitusFinding, CitusRuleName } from './doctor/citus/citus-findings.js';
export { type DoctorFinding, type DoctorReport, diagnose } from './doctor/diagnose.js';
export type { DiagnoseOptions } from './doctor/diagnose-options.js';
export { type DoctorFormat, formatReport } from './doctor/format-report.js';
export type { OperatingFinding, OperatingRuleName } from './doctor/operating/operating-rule.js';
export type { TenantShare } from './doctor/operating/tenant-shares.js';
