// What pages gain where JavaScript is on: true upload progress, lists that update themselves, a
// waveform, times in the reader's zone. Every page works without it.
'use strict';

for (const t of document.querySelectorAll('time')) localTime(t);
function localTime(t) {
  t.textContent = new Date(t.dateTime).toLocaleString([], { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
}

for (const form of document.querySelectorAll('[data-confirm]')) {
  form.addEventListener('submit', e => { if (!confirm(form.dataset.confirm)) e.preventDefault(); });
}

// ---- upload

const drop = document.querySelector('[data-upload]');
if (drop) {
  const list = document.querySelector('[data-uploads]'), input = drop.querySelector('input[type=file]');
  const waiting = [];
  let running = 0;
  input.addEventListener('change', () => { add(input.files); input.value = ''; });
  drop.addEventListener('submit', e => e.preventDefault());
  for (const kind of ['dragenter', 'dragover']) drop.addEventListener(kind, e => { e.preventDefault(); drop.classList.add('over'); });
  for (const kind of ['dragleave', 'drop']) drop.addEventListener(kind, e => { e.preventDefault(); drop.classList.remove('over'); });
  drop.addEventListener('drop', e => add(e.dataTransfer.files));

  function add(files) {
    for (const file of files) {
      const row = document.createElement('li');
      const name = document.createElement('span'), text = document.createElement('span'), stop = document.createElement('button'), bar = document.createElement('progress');
      name.textContent = file.name;
      text.className = 'faint';
      text.textContent = 'waiting';
      stop.className = 'quiet';
      stop.type = 'button';
      stop.textContent = 'Cancel';
      bar.max = 1;
      bar.value = 0;
      row.append(name, text, stop, bar);
      list.append(row);
      const item = { file, text, stop, bar, done: false };
      stop.addEventListener('click', () => { item.done = true; item.request?.abort(); end(item, 'cancelled'); });
      if (file.size > Number(drop.dataset.limit) && Number(drop.dataset.limit) > 0) { item.done = true; end(item, 'larger than your plan takes'); } else waiting.push(item);
    }
    next();
  }

  function next() {
    while (running < 2 && waiting.length) {
      const item = waiting.shift();
      if (!item.done) send(item);
    }
  }

  function end(item, text, link) {
    item.text.textContent = text;
    item.stop.remove();
    item.bar.remove();
    if (link) {
      const a = document.createElement('a');
      a.href = link;
      a.textContent = text;
      item.text.replaceChildren(a);
    }
  }

  function send(item) {
    running++;
    const request = item.request = new XMLHttpRequest(), began = performance.now();
    request.open('POST', '/api/upload');
    request.setRequestHeader('Idempotency-Key', crypto.randomUUID());
    request.upload.addEventListener('progress', e => {
      if (!e.lengthComputable) return;
      item.bar.value = e.loaded / e.total;
      const speed = e.loaded / Math.max(1, performance.now() - began) / 1049;
      item.text.textContent = `${Math.round(100 * e.loaded / e.total)} % · ${speed.toFixed(1)} MB/s`;
    });
    request.addEventListener('loadend', () => {
      running--;
      if (!item.done) {
        let answer = {};
        try { answer = JSON.parse(request.responseText); } catch { answer = { detail: 'the connection broke; try again' }; }
        if (request.status === 202 || request.status === 200) end(item, 'queued: follow it', `/jobs/${answer.job_id}`); else end(item, answer.detail || 'refused');
        item.done = true;
      }
      next();
    });
    const body = new FormData();
    body.append('audio', item.file, item.file.name);
    request.send(body);
  }
}

// ---- lists that update themselves

const fresh = document.querySelector('[data-refresh]');
if (fresh && 'EventSource' in window) {
  let timer;
  const later = wait => { clearTimeout(timer); timer = setTimeout(refresh, wait); };
  const events = new EventSource('/api/events');
  for (const kind of ['message', 'job.updated', 'sample.processed', 'sample.failed']) events.addEventListener(kind, () => later(150));
  async function refresh() {
    const answer = await fetch(location.href).catch(() => null);
    if (answer?.ok) {
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html'), now = page.querySelector('[data-refresh]');
      // Not while somebody is about to press a button in it.
      if (now && !fresh.contains(document.activeElement)) {
        fresh.replaceChildren(...now.childNodes);
        for (const t of fresh.querySelectorAll('time')) localTime(t);
      }
    }
    later(15000);
  }
  later(15000);
}

// ---- waveform

const canvas = document.querySelector('canvas[data-peaks]');
if (canvas) {
  const audio = document.getElementById(canvas.dataset.audio);
  let wave = null;
  fetch(canvas.dataset.peaks).then(r => r.json()).then(d => { wave = d; draw(); }).catch(() => { canvas.hidden = true; });
  const draw = () => {
    if (!wave) return;
    const scale = devicePixelRatio || 1, w = canvas.width = canvas.clientWidth * scale, h = canvas.height = canvas.clientHeight * scale;
    const g = canvas.getContext('2d'), n = wave.peaks.length / 2, at = audio.duration ? audio.currentTime / audio.duration : 0;
    g.fillStyle = getComputedStyle(canvas).color;
    for (let x = 0; x < w; x++) {
      const i = Math.min(n - 1, Math.floor(x * n / w)), lo = wave.peaks[2 * i] / 127, hi = wave.peaks[2 * i + 1] / 127;
      g.globalAlpha = x / w < at ? 1 : 0.5;
      g.fillRect(x, (1 - hi) * h / 2, 1, Math.max(1, (hi - lo) * h / 2));
    }
  };
  const follow = () => { draw(); if (!audio.paused) requestAnimationFrame(follow); };
  audio.addEventListener('play', follow);
  audio.addEventListener('seeked', draw);
  addEventListener('resize', draw);
  canvas.addEventListener('click', e => {
    const at = e.offsetX / canvas.clientWidth;
    const seek = () => { audio.currentTime = at * audio.duration; audio.play(); };
    if (audio.readyState > 0) seek(); else { audio.addEventListener('loadedmetadata', seek, { once: true }); audio.load(); }
  });
}
