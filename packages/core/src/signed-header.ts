export { signTenantHeader } from './resolution/signed-header.js';
