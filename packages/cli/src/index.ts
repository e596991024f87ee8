export { defineConfig, type TenancyConfig } from './config/tenancy-config.js';
