// Listening: a waveform from the peaks that the server measured, with click, drag and keys, and
// on the list one bar at the foot of the page in which one sound plays at a time.
'use strict';

class Player {
  constructor(root) {
    this.root = root;
    this.audio = root.querySelector('audio');
    this.wave = root.querySelector('.wave');
    this.canvas = root.querySelector('canvas');
    this.button = root.querySelector('.play');
    this.clock = root.querySelector('.clock');
    this.peaks = null;
    this.pointed = -1; // share of the width under the pointer
    this.audio.removeAttribute('controls');
    this.audio.hidden = true;
    for (const part of root.querySelectorAll('[data-script]')) part.hidden = false;
    this.button.addEventListener('click', () => this.toggle());
    const draw = () => this.draw();
    for (const kind of ['seeked', 'loadedmetadata', 'durationchange']) this.audio.addEventListener(kind, draw);
    this.audio.addEventListener('play', () => { root.classList.add('playing'); this.button.setAttribute('aria-label', 'Pause'); this.follow(); this.onstate?.(true); });
    for (const kind of ['pause', 'ended']) this.audio.addEventListener(kind, () => { root.classList.remove('playing'); this.button.setAttribute('aria-label', 'Play'); this.draw(); this.onstate?.(false); });
    this.audio.addEventListener('error', () => this.renew());
    new ResizeObserver(draw).observe(this.wave);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
    const at = e => { const box = this.wave.getBoundingClientRect(); return Math.min(1, Math.max(0, (e.clientX - box.left) / box.width)); };
    this.wave.addEventListener('pointerdown', e => { this.dragging = true; this.wave.setPointerCapture(e.pointerId); this.seek(at(e) * this.seconds()); });
    this.wave.addEventListener('pointermove', e => { this.pointed = at(e); if (this.dragging) this.seek(this.pointed * this.seconds()); this.draw(); });
    this.wave.addEventListener('pointerup', () => { this.dragging = false; this.play(); });
    this.wave.addEventListener('pointerleave', () => { this.pointed = -1; this.draw(); });
    this.wave.addEventListener('keydown', e => {
      const step = { ArrowLeft: -1, ArrowRight: 1, PageDown: -5, PageUp: 5 }[e.key];
      if (step) this.seek(this.audio.currentTime + step * Math.max(.05, this.seconds() / 50));
      else if (e.key === 'Home') this.seek(0);
      else if (e.key === 'End') this.seek(this.seconds());
      else return;
      e.preventDefault();
    });
    const loop = root.querySelector('[data-loop]');
    loop?.addEventListener('change', () => { this.audio.loop = loop.checked; });
  }

  // load shows another sound; the link to play it comes from the API when it is not given.
  async load(id, link) {
    this.id = id;
    this.renewed = false;
    link ||= (await ask(`/api/samples/${id}/play`)).url;
    if (this.id !== id) return false; // another was chosen meanwhile
    this.audio.src = link;
    this.peaks = null;
    this.draw();
    ask(`/api/samples/${id}/peaks`).then(p => { if (this.id === id) { this.peaks = p; this.draw(); } }).catch(() => { this.wave.title = 'The waveform could not be loaded.'; });
    return true;
  }

  // renew asks for a fresh link once: the old one ends after 15 minutes.
  async renew() {
    if (this.renewed || !this.id) return;
    this.renewed = true;
    const at = this.audio.currentTime, link = await ask(`/api/samples/${this.id}/play`).catch(() => null);
    if (!link) return;
    this.audio.src = link.url;
    this.audio.currentTime = at;
    this.audio.addEventListener('canplay', () => { this.renewed = false; }, { once: true });
    this.play();
  }

  seconds() { return isFinite(this.audio.duration) && this.audio.duration || this.peaks?.seconds || 0; }
  play() { this.audio.play().catch(() => { /* a new sound was chosen, or the link is being renewed */ }); }
  toggle() { if (this.audio.paused) this.play(); else this.audio.pause(); }
  seek(to) { this.audio.currentTime = Math.min(this.seconds(), Math.max(0, to)); this.draw(); }
  follow() { this.draw(); if (!this.audio.paused) requestAnimationFrame(() => this.follow()); }

  draw() {
    const scale = devicePixelRatio || 1, w = this.canvas.width = Math.round(this.canvas.clientWidth * scale), h = this.canvas.height = Math.round(this.canvas.clientHeight * scale);
    const g = this.canvas.getContext('2d'), style = getComputedStyle(this.canvas), total = this.seconds();
    const at = total ? this.audio.currentTime / total : 0, show = t => `${Math.floor(t / 60)}:${(t % 60).toFixed(total < 10 ? 2 : 0).padStart(total < 10 ? 5 : 2, '0')}`;
    this.clock.textContent = `${show(Math.min(this.audio.currentTime, total))} / ${show(total)}`;
    this.wave.setAttribute('aria-valuenow', Math.round(100 * at));
    this.wave.setAttribute('aria-valuetext', this.clock.textContent);
    g.fillStyle = style.getPropertyValue('--wave');
    g.fillRect(0, h / 2, w, scale);
    if (!this.peaks) return;
    const bar = Math.max(1, Math.round(2 * scale)), gap = Math.max(1, Math.round(scale)), n = this.peaks.columns, values = this.peaks.peaks;
    for (let x = 0; x < w; x += bar + gap) {
      let lo = 0, hi = 0;
      for (let i = Math.floor(x / w * n); i <= Math.min(n - 1, Math.floor((x + bar) / w * n)); i++) {
        lo = Math.min(lo, values[2 * i]);
        hi = Math.max(hi, values[2 * i + 1]);
      }
      const top = (1 - hi / 127) * h / 2, tall = Math.max(2 * scale, (hi - lo) / 127 * h / 2);
      g.fillStyle = style.getPropertyValue(x / w < at ? '--played' : '--wave');
      g.beginPath();
      g.roundRect(x, top, bar, tall, bar / 2);
      g.fill();
    }
    if (this.pointed >= 0) {
      g.fillStyle = style.getPropertyValue('--mark');
      g.fillRect(Math.round(this.pointed * w), 0, scale, h);
    }
  }
}

async function ask(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

let player = null;
const page = document.querySelector('[data-player]');
if (page) {
  player = new Player(page);
  player.load(page.dataset.player, page.dataset.play);
}

// ---- the list

const bar = document.querySelector('[data-bar]');
if (bar) {
  const rows = [...document.querySelectorAll('tr[data-sound]')];
  let now = null;
  const mark = on => { for (const r of rows) { r.classList.toggle('sounding', r === now); r.querySelector('.play').classList.toggle('playing', r === now && on); } };
  const choose = async row => {
    bar.hidden = false;
    if (!player) {
      player = new Player(bar);
      player.onstate = mark;
    }
    if (row === now) return player.toggle();
    now = row;
    bar.querySelector('.title').textContent = row.dataset.title;
    mark(false);
    try {
      if (await player.load(row.dataset.sound)) player.play();
    } catch { bar.querySelector('.title').textContent = `${row.dataset.title}: could not be loaded`; }
  };
  for (const row of rows) {
    row.querySelector('.play').hidden = false;
    row.querySelector('.play').addEventListener('click', () => choose(row));
  }
  bar.querySelector('[data-close]').addEventListener('click', () => { player.audio.pause(); bar.hidden = true; now = null; mark(false); });
  document.addEventListener('keydown', e => {
    if (!['ArrowDown', 'ArrowUp'].includes(e.key) || typing(e) || !rows.length) return;
    const i = rows.indexOf(now), next = rows[Math.min(rows.length - 1, Math.max(0, i + (e.key === 'ArrowDown' ? 1 : -1)))];
    e.preventDefault();
    if (next !== now) choose(next);
    next.scrollIntoView({ block: 'nearest' });
  });
}

function typing(e) { return e.ctrlKey || e.metaKey || e.altKey || e.target.closest('input, textarea, select, [contenteditable]'); }

// Space plays and pauses wherever nothing else wants it; / goes to the search.
document.addEventListener('keydown', e => {
  if (typing(e)) return;
  if (e.key === ' ' && player && !e.target.closest('button, a, summary')) {
    e.preventDefault();
    player.toggle();
  } else if (e.key === '/') {
    const search = document.querySelector('input[type=search]');
    if (search) { e.preventDefault(); search.focus(); }
  }
});
