import { type CostItem, dollarsText } from '../cost-estimate/estimate';
import { grouped } from '../output';
import { type Html, html } from './html';
import { shortNumber } from './number-text';
import type { ReportRun } from './report-data';

/** What the same work would have cost on AWS, from units that were counted. */
export function costSection(run: ReportRun | null): Html | null {
  if (run === null || run.cost === null) return null;
  const { cost, records } = run;
  const perMillion = ({ dollars, perEvent }: CostItem) =>
    perEvent && records > 0 ? dollarsText((dollars / records) * 1_000_000) : 'by the hour';
  return html`<h2>What this costs on AWS<small>list prices of ${cost.asOf}, ${cost.region}; no free tier</small></h2>
<div class="card table"><table>
<tr><th>Service</th><th>Used for</th><th class="n">Counted</th><th class="n">This run</th><th class="n">Per million events</th></tr>
${cost.items.map(
  (item) => html`<tr><td>${item.service}</td><td>${item.what}</td>
<td class="n">${quantityText(item)}</td><td class="n">${dollarsText(item.dollars)}</td><td class="n">${perMillion(item)}</td></tr>`,
)}
<tfoot><tr><td colspan="3">Sum</td><td class="n">${dollarsText(cost.dollars)}</td><td class="n">${dollarsText(cost.dollarsPerMillionEvents)}</td></tr></tfoot>
</table></div>
<p class="note">Units are counted by the local tables. Lambda's duration is processor time measured here plus modelled waiting for services. This run had ${shortNumber(cost.recordsPerInvocation)} records per invocation; a busier stream fills its batches and costs less per event. An on-demand stream costs ${dollarsText(cost.streamDollarsPerMonth)} a month beside it.</p>`;
}

function quantityText({ quantity, unit }: CostItem): string {
  const text = Number.isInteger(quantity) ? grouped(quantity) : shortNumber(quantity);
  return `${text} ${unit}`;
}
