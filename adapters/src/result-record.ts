import { seriesHashOfResult } from '@millrace/core/stored/series-hash';

/** What a record of the Results table's stream says of its item, as far as it matters here. */
interface ResultRecord {
  readonly dynamodb?:
    | {
        readonly Keys?: Readonly<Record<string, { readonly S?: string | undefined }>> | undefined;
      }
    | undefined;
}

/** Names the series of a record that cannot be read, for the log; null = it has no keys. */
export function seriesHashOfRecord({ dynamodb }: ResultRecord): string | null {
  const { pk, sk } = dynamodb?.Keys ?? {};
  if (pk?.S === undefined || sk?.S === undefined) return null;
  return seriesHashOfResult({ pk: pk.S, sk: sk.S });
}
