import type { HttpServer } from '@nestjs/common';

/** Remembers the routes that are put on the adapter directly. */
export function watchAdapter(_adapter: HttpServer): void {}
