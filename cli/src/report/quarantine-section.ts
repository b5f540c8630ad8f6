import { grouped } from '../output';
import { mainReasons, reasonLines } from '../replay/main-reasons';
import { type Html, html, isolated } from './html';
import type { ReportQuarantine } from './report-data';

/** Sixteen late records of one outage look alike: some of each reason say more. */
const RECORDS_PER_REASON_MAX = 5;
const PREVIEW_LENGTH = 160;

/** What was set aside, with its reason and the beginning of its bytes. */
export function quarantineSection(quarantine: readonly ReportQuarantine[]): Html {
  if (quarantine.length === 0) {
    return html`<h2>Quarantine</h2><div class="card none">Empty: no record was late, or refused.</div>`;
  }
  const counts = new Map<string, number>();
  const lines = new Map<string, number>();
  const shown = quarantine.filter(({ reason, count = 1 }) => {
    counts.set(reason, (counts.get(reason) ?? 0) + count);
    lines.set(reason, (lines.get(reason) ?? 0) + 1);
    return (lines.get(reason) as number) <= RECORDS_PER_REASON_MAX;
  });
  const hidden = quarantine.length - shown.length;
  const reasons = [...counts].map(([reason, count]) => `${grouped(count)} ${reason}`).join(', ');
  return html`<h2>Quarantine<small>${reasons}; kept with their bytes</small></h2>
${reasonLines(mainReasons(quarantine)).map((line) => html`<p class="note">${isolated(line)}</p>`)}
<div class="card table"><table>
<tr><th>Reason</th><th>Arrived</th><th>Partition key</th><th>Detail</th><th>Data</th></tr>
${shown.map(
  ({ reason, detail, partitionKey, arrival, data }) => html`<tr>
<td><span class="tag${reason === 'late' ? ' late' : ''}">${reason}</span></td>
<td class="t">${arrival.slice(0, 19).replace('T', ' ')}</td><td class="t">${isolated(partitionKey)}</td><td>${isolated(detail)}</td>
<td class="data"><code>${isolated(preview(data))}</code></td></tr>`,
)}
${hidden > 0 ? html`<tr><td colspan="5"><small>${grouped(hidden)} more in quarantine.ndjson</small></td></tr>` : null}
</table></div>`;
}

/** The beginning of the bytes as text; what cannot be shown becomes a dot. */
function preview(base64: string | null): string {
  if (base64 === null) return 'the bytes are gone';
  const text = Buffer.from(base64.slice(0, 4 * PREVIEW_LENGTH), 'base64').toString('utf8');
  const shown = text.slice(0, PREVIEW_LENGTH).replace(/[\p{C}\uFFFD]/gu, '·');
  return text.length > PREVIEW_LENGTH ? `${shown}…` : shown;
}
