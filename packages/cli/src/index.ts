export { defineConfig, type TenancyConfig, type TenantsConfig } from './config/tenancy-config.js';
