export { TenantGraphQLModule } from './graphql/tenant-graphql.module.js';
export type { TenantGraphQLOptions } from './graphql/tenant-graphql.options.js';
export { tenantLoader } from './graphql/tenant-loader.js';
export { type OwnTopics, type PubSubLike, TenantPubSub, type TenantPubSubOptions } from './graphql/tenant-pub-sub.js';
