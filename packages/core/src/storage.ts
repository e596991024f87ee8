export { type DiskStore, type DiskStoreOptions, diskStore } from './storage/disk/disk-store.js';
export { fileHandler } from './storage/disk/file-handler.js';
export type {
  FileBody,
  FileInfo,
  FilePage,
  FileStore,
  ListOptions,
  PutOptions,
  SignedUrlOptions,
  SignedUrlRequest,
} from './storage/file-store.js';
export type { Files } from './storage/files.js';
export { type S3StoreOptions, s3Store } from './storage/s3/s3-store.js';
export { TenantStorage } from './storage/tenant-storage.js';
export {
  TenantStorageModule,
  type TenantStorageModuleOptions,
  type TenantStorageOptionsFactory,
} from './storage/tenant-storage.module.js';
