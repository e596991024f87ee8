export { type AbandonChangeOptions, abandonChange } from './changes/abandon-change.js';
export type { AdoptStage } from './changes/adopt/adoption.js';
export type { FillingTrigger } from './changes/adopt/filling-triggers.js';
export type { ObservedTable } from './changes/adopt/observe.js';
export type { OldKey } from './changes/adopt/old-keys.js';
export { type AdoptResult, adopt } from './changes/adopt.js';
export type { AdoptedTable, AdoptOptions } from './changes/adopt-options.js';
export { change } from './changes/change.js';
export type { ChangeOptions, ConnectedOptions, RunOptions } from './changes/change-options.js';
export { type ChangeStatus, changeStatus } from './changes/change-status.js';
export type { ChangeResult } from './changes/make-change.js';
export { type AddColumn, type AddColumnOptions, addColumn } from './changes/plan/add-column.js';
export { type AddForeignKey, type AddForeignKeyOptions, addForeignKey } from './changes/plan/add-foreign-key.js';
export { ChangeError, type ChangeErrorCode, isChangeError } from './changes/plan/change-error.js';
export { type ChangeType, type ChangeTypeOptions, changeType } from './changes/plan/change-type.js';
export type { ChangedTable } from './changes/plan/changed-table.js';
export { type CreateIndex, type CreateIndexOptions, createIndex } from './changes/plan/create-index.js';
export { type DropTrigger, type DropTriggerOptions, dropTrigger } from './changes/plan/drop-trigger.js';
export type { Change } from './changes/plan/plan-change.js';
export {
  finishRename,
  type RenameColumn,
  type RenameColumnOptions,
  renameColumn,
} from './changes/plan/rename-column.js';
export type { TableName } from './changes/plan/step.js';
export type { ChangeStep, StepLock } from './changes/plan/step-sql.js';
export type { ChangeProgress } from './changes/run/progress.js';
export { type Blocker, namedBlocker } from './direct/blockers.js';
