// What pages gain where JavaScript is on: times in the reader's zone, questions before what
// cannot be undone, and regions that update themselves. Every page works without it.
'use strict';

function localTimes(root) {
  for (const t of root.querySelectorAll('time[datetime]')) {
    const at = new Date(t.dateTime), days = Math.abs(at - Date.now()) / 86400000;
    const clock = { hour: '2-digit', minute: '2-digit' };
    t.title = at.toUTCString();
    t.textContent = at.toDateString() === new Date().toDateString()
      ? at.toLocaleTimeString([], clock)
      : at.toLocaleString([], days > 300 ? { day: 'numeric', month: 'short', year: 'numeric' } : { day: 'numeric', month: 'short', ...clock });
  }
}
localTimes(document);

document.addEventListener('submit', e => {
  const ask = e.target.dataset.confirm;
  if (ask && !confirm(ask)) e.preventDefault();
});

for (const b of document.querySelectorAll('[data-copy]')) {
  b.hidden = false;
  b.addEventListener('click', () => navigator.clipboard.writeText(b.dataset.copy).then(() => { b.textContent = 'Copied'; }));
}

// ---- regions that update themselves: each [data-live] with an id

// morph makes `from` equal to `to` and keeps every node that can stay, so that nothing jumps
// and the focus and a pressed button survive. Nodes with an id are found again by it.
function morph(from, to) {
  if (from.nodeType === Node.TEXT_NODE) {
    if (from.data !== to.data) from.data = to.data;
    return;
  }
  for (const a of [...from.attributes]) if (!to.hasAttribute(a.name)) from.removeAttribute(a.name);
  for (const a of to.attributes) if (from.getAttribute(a.name) !== a.value) from.setAttribute(a.name, a.value);
  const keyed = new Map([...from.children].filter(n => n.id).map(n => [n.id, n]));
  let at = from.firstChild;
  for (const next of [...to.childNodes]) {
    const found = next.id ? keyed.get(next.id) : at;
    if (!found || found.nodeName !== next.nodeName || (!next.id && found.id)) {
      from.insertBefore(next, at);
      continue;
    }
    if (found === at) at = at.nextSibling; else from.insertBefore(found, at);
    morph(found, next);
  }
  while (at) {
    const gone = at;
    at = at.nextSibling;
    gone.remove();
  }
}

// live tells listeners of the account's events. The stream is closed while the page is hidden:
// browsers allow few connections to one server.
const live = {
  listeners: [],
  stream: null,
  on(f) { this.listeners.push(f); this.look(); },
  tell(e) { for (const f of this.listeners) f(e); },
  look() {
    if (document.hidden || !this.listeners.length || !('EventSource' in window)) {
      this.stream?.close();
      this.stream = null;
    } else if (!this.stream) {
      this.stream = new EventSource('/api/events');
      for (const kind of ['job.updated', 'sample.processed', 'sample.failed', 'sample.updated', 'sample.deleted', 'export.ready', 'quota.exhausted', 'account.updated']) {
        this.stream.addEventListener(kind, e => this.tell(JSON.parse(e.data)));
      }
    }
  },
};
document.addEventListener('visibilitychange', () => { live.look(); if (!document.hidden) live.tell(null); });

const regions = [...document.querySelectorAll('[data-live]')];
if (regions.length) {
  const least = 400, most = 15000; // ms between two looks
  let timer, last = 0, busy = false;
  const soon = wait => { clearTimeout(timer); timer = setTimeout(refresh, wait); };
  async function refresh() {
    if (busy || document.hidden) return soon(most);
    busy = true;
    last = Date.now();
    try {
      const answer = await fetch(location.href, { headers: { Accept: 'text/html' } });
      const now = answer.ok && new DOMParser().parseFromString(await answer.text(), 'text/html');
      for (const region of now ? regions : []) {
        const fresh = now.getElementById(region.id);
        if (!fresh) continue;
        localTimes(fresh);
        morph(region, fresh);
      }
    } catch { /* offline: the next look tries again */ }
    busy = false;
    soon(most);
  }
  live.on(() => soon(Math.max(60, last + least - Date.now())));
  soon(most);
}
