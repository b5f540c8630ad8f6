/**
 * The page's own script: a crosshair through all charts at once and the values under the pointer.
 * The page is complete without it. It reads the numbers that stand beside each picture.
 */
export const SCRIPT = `
(() => {
  const tip = document.getElementById('tip');
  const charts = [...document.querySelectorAll('.plot')].map((plot) => {
    const data = JSON.parse(plot.querySelector('script').textContent);
    const cross = plot.querySelector('.cross');
    return { plot, data, cross };
  });
  const when = (ms) => new Date(ms).toISOString().replace('T', ' ').slice(0, 19);
  const show = (value) => (value === null ? 'none' : Math.abs(value) >= 1e12 || (value && Math.abs(value) < 1e-3) ? value.toExponential(2) : value.toLocaleString('en-US', { maximumFractionDigits: Math.abs(value) < 10 ? 3 : 1 }));
  const add = (tag, text, kind) => { const node = document.createElement(tag); node.textContent = text; if (kind) node.className = kind; tip.append(node); };
  const line = (label, text, kind) => { add('br', ''); add('em', label + ' '); add('b', text, kind); };
  const nearest = (starts, at) => {
    let low = 0, high = starts.length - 1;
    while (low < high) { const middle = (low + high + 1) >> 1; if (starts[middle] <= at) low = middle; else high = middle - 1; }
    return low;
  };
  const hide = () => { tip.style.display = 'none'; for (const { cross } of charts) cross.style.display = 'none'; };
  const move = (chart, event) => {
    const box = chart.plot.getBoundingClientRect();
    const { from, to, plot: [left, right, top, bottom], size: [width, height] } = chart.data;
    const scale = box.width / width;
    const share = ((event.clientX - box.left) / scale - left) / (width - left - right);
    if (share < 0 || share > 1) return hide();
    const at = from + share * (to - from);
    for (const other of charts) {
      const [w, h] = other.data.size, s = other.plot.clientWidth / w;
      Object.assign(other.cross.style, { display: 'block', left: s * (left + share * (w - left - right)) + 'px', top: s * top + 'px', height: s * (h - top - bottom) + 'px' });
    }
    const { start, end, value, low, high, late, anomaly } = chart.data;
    const index = nearest(start, at - from);
    tip.replaceChildren();
    if (!start.length || at - from < start[index] || at - from > end[index]) {
      add('b', when(at));
      line('no window', '');
    } else {
      add('b', when(from + start[index]) + ' ');
      add('em', 'to ' + when(from + end[index]).slice(11));
      line(chart.data.field, show(value[index]), anomaly.includes(index) ? 'bad' : '');
      if (low.length > 0) line('expected', low[index] === null ? 'still learning' : show(low[index]) + ' to ' + show(high[index]));
      if (late[index]) line('late measurements applied', late[index], 'late');
    }
    tip.style.display = 'block';
    const x = event.clientX + 16, y = event.clientY + 14;
    tip.style.left = (x + tip.offsetWidth > innerWidth - 8 ? event.clientX - tip.offsetWidth - 14 : x) + 'px';
    tip.style.top = Math.min(y, innerHeight - tip.offsetHeight - 8) + 'px';
  };
  for (const chart of charts) {
    chart.plot.addEventListener('pointermove', (event) => move(chart, event));
    chart.plot.addEventListener('pointerleave', hide);
  }
})();
`;
