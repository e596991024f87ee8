import type * as S3 from '@aws-sdk/client-s3';
import type { FileBody } from '../file-store.js';

/** S3 takes parts from 5 MiB on, and 10,000 of them. */
const PART = 8 * 1024 * 1024;

interface Target {
  readonly Bucket: string;
  readonly Key: string;
  readonly ContentType?: string;
}

/** Sends `body` in one piece where it fits into one, and in parts otherwise. Of one that fails nothing stays. */
export async function upload(s3: typeof S3, send: S3.S3Client['send'], target: Target, body: FileBody): Promise<void> {
  if (typeof body === 'string' || body instanceof Uint8Array) {
    await send(new s3.PutObjectCommand({ ...target, Body: body }));
    return;
  }
  const parts = partsOf(body);
  const first = await parts.next();
  const second = first.done ? first : await parts.next();
  if (second.done) await send(new s3.PutObjectCommand({ ...target, Body: first.value ?? Buffer.alloc(0) }));
  else await uploadParts(s3, send, target, [first.value as Buffer, second.value], parts);
}

async function uploadParts(
  s3: typeof S3,
  send: S3.S3Client['send'],
  target: Target,
  first: readonly Buffer[],
  rest: AsyncIterable<Buffer>,
): Promise<void> {
  const { UploadId } = await send(new s3.CreateMultipartUploadCommand(target));
  const { Bucket, Key } = target;
  const of = { Bucket, Key, UploadId };
  const Parts: { ETag: string | undefined; PartNumber: number }[] = [];
  const add = async (Body: Buffer) => {
    const PartNumber = Parts.length + 1;
    const { ETag } = await send(new s3.UploadPartCommand({ ...of, PartNumber, Body }));
    Parts.push({ ETag, PartNumber });
  };
  try {
    for (const part of first) await add(part);
    for await (const part of rest) await add(part);
    await send(new s3.CompleteMultipartUploadCommand({ ...of, MultipartUpload: { Parts } }));
  } catch (error) {
    await send(new s3.AbortMultipartUploadCommand(of)).catch(() => {});
    throw error;
  }
}

/** The bytes of a stream in pieces of {@link PART}, the last one shorter. */
async function* partsOf(stream: AsyncIterable<unknown>): AsyncGenerator<Buffer, undefined> {
  let kept: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk as Uint8Array);
    kept.push(bytes);
    size += bytes.length;
    while (size >= PART) {
      const whole = Buffer.concat(kept);
      yield whole.subarray(0, PART);
      kept = [whole.subarray(PART)];
      size -= PART;
    }
  }
  if (size > 0) yield Buffer.concat(kept);
  return undefined;
}
