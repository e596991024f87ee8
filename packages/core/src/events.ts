export { eachTenant } from './events/each-tenant.js';
export type { Delivery, Drained, OutboxEvent, OutboxStore } from './events/outbox/outbox-event.js';
export type { OutboxModuleOptions } from './events/outbox/outbox-options.js';
export { outboxTableSql } from './events/outbox/outbox-table.js';
export { type PostgresOutboxOptions, postgresOutbox } from './events/outbox/postgres-outbox.js';
export { TenantOutbox } from './events/outbox/tenant-outbox.js';
export { TenantOutboxModule } from './events/outbox/tenant-outbox.module.js';
