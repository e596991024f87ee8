/**
 * A queue, worker, flow producer or job of BullMQ as it is, behind the wall. Its members differ between BullMQ 5 and 6, and between
 * their classes and those of an application's own, so each is asked for where it is used.
 */
// biome-ignore lint/suspicious/noExplicitAny: no type of BullMQ 6 describes BullMQ 5 or QueuePro.
export type Raw = { [member: string]: any };

/** True for a job of any version of BullMQ, which has no brand. */
export const isRawJob = (value: unknown): value is Raw =>
  typeof value === 'object' && value !== null && 'asJSON' in value && 'queueQualifiedName' in value;

/** A class that makes them. */
// biome-ignore lint/suspicious/noExplicitAny: TypeScript asks for it where a class is extended that is not known.
export type RawClass = new (...args: any[]) => Raw;
