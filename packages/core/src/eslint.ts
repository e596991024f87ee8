export { type TenancyConfigOptions, tenancyConfig } from './eslint/tenancy-config.js';
