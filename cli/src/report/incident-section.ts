import { grouped } from '../output';
import type { TimeSpan } from './chart-card';
import { type Html, html, isolated } from './html';
import { clockText, durationText, shortNumber } from './number-text';
import type { ReportIncident } from './report-data';

const INCIDENTS_MAX = 100;

type AnchorOf = (of: ReportIncident) => string | null;

/** What was found, each with its evidence: observed value, expected band, score, reason. */
export function incidentSection(
  incidents: readonly ReportIncident[],
  anchorOf: AnchorOf,
  time: TimeSpan,
  windowsScored: number,
): Html {
  const spanMs = time.toMs - time.fromMs;
  const shown = [...incidents].sort((a, b) => a.openedMs - b.openedMs).slice(0, INCIDENTS_MAX);
  const hidden = incidents.length - shown.length;
  if (incidents.length === 0) {
    return html`<h2>Incidents</h2><div class="card none">${noneBecause(windowsScored)}</div>`;
  }
  return html`<h2>Incidents<small>${hidden > 0 ? `the first ${INCIDENTS_MAX} of ${grouped(incidents.length)}` : null}</small></h2>
<div class="card table"><table>
<tr><th>Series</th><th>Opened</th><th>Lasted</th><th class="n">Observed</th><th class="n">Expected</th><th class="n">Score</th><th>Severity</th><th>Why</th></tr>
${shown.map((incident) => row(incident, anchorOf(incident), spanMs))}
</table></div>`;
}

/** Nothing found and nothing looked for are different answers. */
function noneBecause(windowsScored: number): string {
  if (windowsScored > 0) return `None in ${grouped(windowsScored)} scored windows.`;
  return 'No window was scored: the pipeline has no "detect", or its detector was still learning.';
}

function row(incident: ReportIncident, anchor: string | null, spanMs: number): Html {
  const { metric, series, openedMs, closedMs, expected } = incident;
  const name = anchor === null ? series : html`<a href="#${anchor}">${series}</a>`;
  const lasted = closedMs === null ? 'still open' : durationText(closedMs - openedMs);
  return html`<tr>
<td>${isolated(name)}<br><small>${isolated(metric)}</small></td>
<td class="t">${clockText(openedMs, spanMs)}</td><td class="t">${lasted}</td>
<td class="n"><b>${shortNumber(incident.observed)}</b></td>
<td class="n">${shortNumber(expected.low)} to ${shortNumber(expected.high)}</td>
<td class="n">${incident.score.toFixed(3)}</td>
<td><span class="tag ${incident.severity}">${incident.severity}</span></td>
<td>${isolated(incident.reason)}</td>
</tr>`;
}
