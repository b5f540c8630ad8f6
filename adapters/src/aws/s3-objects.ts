import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type { ObjectStore } from '@millrace/core/port';
import { checkObjectKey, decodedMetadata, encodedMetadata, listLimit } from '../object-rules';
import { type ClientSettings, clientOptions, OBJECT_CALL_LIMITS } from './client-options';
import { beginCall, type CallLimits, limitedBy } from './retry';

export interface S3Bucket {
  readonly client: S3Client;
  readonly bucket: string;
  readonly limits?: CallLimits;
  /** Milliseconds the caller has left. */
  readonly deadline?: () => number;
}

export function createS3Client(settings: ClientSettings = {}): S3Client {
  const requestMsMax = OBJECT_CALL_LIMITS.attemptMsMax;
  return new S3Client({
    ...clientOptions({ requestMsMax, ...settings }),
    // Emulators have no host name for every bucket.
    forcePathStyle: settings.endpointUrl !== undefined,
  });
}

/**
 * One S3 bucket behind the port. An exclusive create whose answer got lost is tried again and may
 * then meet its own object: 'exists' tells that the key is taken, not by whom. Callers write under
 * deterministic keys, where both are the same.
 */
export function createS3Objects(options: S3Bucket): ObjectStore {
  const { client, bucket } = options;
  const limits = limitedBy(options.limits ?? OBJECT_CALL_LIMITS, options.deadline);
  const begin = (operation: string) => beginCall({ operation, target: `bucket ${bucket}` }, limits);

  return {
    async create(key, bytes, metadata = {}) {
      checkObjectKey(key);
      const command = new PutObjectCommand({
        Bucket: bucket,
        Key: key,
        Body: bytes,
        Metadata: encodedMetadata(metadata),
        IfNoneMatch: '*',
      });
      return begin('PutObject')(async (abortSignal) => {
        try {
          await client.send(command, { abortSignal });
          return 'created';
        } catch (error) {
          if (statusOf(error) === 412) return 'exists';
          throw error;
        }
      });
    },

    async get(key) {
      checkObjectKey(key);
      const command = new GetObjectCommand({ Bucket: bucket, Key: key });
      return begin('GetObject')(async (abortSignal) => {
        try {
          const object = await client.send(command, { abortSignal });
          const bytes = (await object.Body?.transformToByteArray()) ?? new Uint8Array(0);
          return { bytes, metadata: decodedMetadata(object.Metadata ?? {}) };
        } catch (error) {
          if (nameOf(error) === 'NoSuchKey') return undefined;
          throw error;
        }
      });
    },

    async list({ prefix, after, limit }) {
      const command = new ListObjectsV2Command({
        Bucket: bucket,
        Prefix: prefix,
        MaxKeys: listLimit(limit),
        // Keys may hold characters that XML cannot.
        EncodingType: 'url',
        ...(after !== undefined && { StartAfter: after }),
      });
      const call = begin('ListObjectsV2');
      const sent = await call((abortSignal) => client.send(command, { abortSignal }));
      const keys = (sent.Contents ?? []).map(({ Key }) => decodedKey(Key!));
      return sent.IsTruncated && keys.length > 0
        ? { keys, next: keys[keys.length - 1]! }
        : { keys };
    },

    async delete(key) {
      checkObjectKey(key);
      const command = new DeleteObjectCommand({ Bucket: bucket, Key: key });
      await begin('DeleteObject')((abortSignal) => client.send(command, { abortSignal }));
    },
  };
}

/** S3 encodes keys in listings as forms do: blanks are plus signs. */
function decodedKey(encoded: string): string {
  return decodeURIComponent(encoded.replaceAll('+', ' '));
}

function statusOf(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
}

function nameOf(error: unknown): string | undefined {
  return (error as { name?: string } | undefined)?.name;
}
