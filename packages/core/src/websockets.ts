export type { AllowedOrigins } from './handshake/origin.js';
export type { TenantSocketOptions } from './websockets/tenant-socket.options.js';
export { tenantSockets } from './websockets/tenant-sockets.js';
export { broadcast } from './websockets/ws/broadcast.js';
