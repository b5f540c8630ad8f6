import { isoTime } from '../fold/key';
import { UNKEYED } from '../partition-key';
import { wellFormed } from '../record/utf8';
import type { RecordPlace } from './bytes';

/** What an object says about itself, for a person who finds it without the index. */
export interface Refused {
  readonly reason: string;
  readonly detail: string;
  readonly metric: string | null;
  readonly attempt?: number;
}

/** S3 holds 2,048 bytes of metadata, names included; every text gets a share that it cannot exceed. */
const SHARE_BYTES = { detail: 600, metric: 300, partitionKey: 300, position: 150 } as const;

/** Names the first refusal that the bytes are kept for; the index names them all. */
export function objectMetadata(place: RecordPlace, refused: Refused): Record<string, string> {
  const metadata: Record<string, string> = {
    reason: cut(refused.reason, SHARE_BYTES.position),
    detail: cut(refused.detail, SHARE_BYTES.detail),
    stream: cut(place.stream, SHARE_BYTES.position),
    shard: cut(place.shard, SHARE_BYTES.position),
    sequence: cut(place.sequence, SHARE_BYTES.position),
    'first-seen': isoTime(place.arrivalMs),
  };
  // A header without a value is not kept by every store: absent = the record had no key.
  if (place.partitionKey !== UNKEYED) {
    metadata['partition-key'] = cut(place.partitionKey, SHARE_BYTES.partitionKey);
  }
  if (refused.metric !== null) metadata.metric = cut(refused.metric, SHARE_BYTES.metric);
  if (refused.attempt !== undefined) metadata.attempt = String(refused.attempt);
  return metadata;
}

/** Cuts a text to so many bytes in an HTTP header, where all but plain ASCII is percent-encoded. */
function cut(text: string, bytesMax: number): string {
  // No character takes less than a byte: what lies behind so many is never looked at.
  const head = wellFormed(text.slice(0, bytesMax + 1));
  let bytes = 0;
  let end = 0;
  for (const character of head) {
    bytes += /[!-$&-~]/.test(character) ? 1 : encodeURIComponent(character).length;
    if (bytes > bytesMax) break;
    end += character.length;
  }
  return head.slice(0, end);
}
