export { type TenantBaggageApi, tenantBaggage } from './logging/tenant-baggage.js';
export { type TenantLabelsOptions, tenantLabels } from './logging/tenant-labels.js';
export { TenantLogger } from './logging/tenant-logger.js';
export { type TenantPinoOptions, tenantPino } from './logging/tenant-pino.js';
export { TenantSpanProcessor } from './logging/tenant-span-processor.js';
export { tenantWinston } from './logging/tenant-winston.js';
