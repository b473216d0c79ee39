// The upload page: choosing, dropping, sending two at a time with true progress, cancelling,
// and going on after the connection was lost. Each file has one idempotency key for all its
// tries, so that a try whose answer was lost does not become a second upload.
'use strict';

const drop = document.querySelector('[data-upload]');
if (drop) {
  const list = document.querySelector('[data-uploads]'), card = document.querySelector('[data-uploads-card]'), summary = document.querySelector('[data-uploads-summary]');
  const input = drop.querySelector('input[type=file]'), limit = Number(drop.dataset.limit);
  const items = [], atOnce = 2, pauses = [1, 2, 5, 10, 20, 30]; // s between tries
  let running = 0;

  const folder = drop.querySelector('[data-folder]');
  folder.hidden = !('webkitdirectory' in input);
  folder.addEventListener('click', () => { input.webkitdirectory = true; input.click(); input.webkitdirectory = false; });
  input.addEventListener('change', () => { add([...input.files]); input.value = ''; });
  drop.addEventListener('submit', e => e.preventDefault());
  // The whole page takes drops: a file that misses the frame must not replace the page.
  let over = 0;
  addEventListener('dragenter', e => { e.preventDefault(); over++; drop.classList.add('over'); });
  addEventListener('dragover', e => e.preventDefault());
  addEventListener('dragleave', () => { if (--over <= 0) drop.classList.remove('over'); });
  addEventListener('drop', async e => {
    e.preventDefault();
    over = 0;
    drop.classList.remove('over');
    const entries = [...e.dataTransfer.items].map(i => i.webkitGetAsEntry?.()).filter(Boolean);
    add(entries.length ? (await Promise.all(entries.map(inside))).flat() : [...e.dataTransfer.files]);
  });
  addEventListener('beforeunload', e => { if (running) e.preventDefault(); });
  addEventListener('online', () => { for (const i of items) if (i.state === 'broken') wait(i); });

  // inside lists the sounds of a dropped file or folder.
  async function inside(entry) {
    if (entry.isFile) {
      const file = await new Promise((ok, no) => entry.file(ok, no)).catch(() => null);
      return file ? [file] : [];
    }
    const reader = entry.createReader(), found = [];
    for (;;) {
      const some = await new Promise((ok, no) => reader.readEntries(ok, no)).catch(() => []);
      if (!some.length) break;
      for (const e of some) if (e.isDirectory || /\.(wav|aiff?|flac|mp3|ogg)$/i.test(e.name)) found.push(...await inside(e));
    }
    return found;
  }

  function add(files) {
    for (const file of files) {
      const row = document.getElementById('upload-row').content.firstElementChild.cloneNode(true);
      const item = { file, row, key: crypto.randomUUID(), tries: 0, state: 'new', bar: row.querySelector('progress'), text: row.querySelector('.text'),
        stop: row.querySelector('[data-cancel]'), again: row.querySelector('[data-again]'), open: row.querySelector('[data-open]') };
      row.querySelector('.name').textContent = file.name;
      row.title = file.name;
      item.stop.addEventListener('click', () => cancel(item));
      item.again.addEventListener('click', () => { item.tries = 0; wait(item); });
      items.push(item);
      list.append(row);
      if (limit > 0 && file.size > limit) end(item, 'bad', `${megabytes(file.size)}: your plan takes up to ${megabytes(limit)}. Lossless FLAC is about half as large as WAV.`);
      else if (file.size === 0) end(item, 'bad', 'The file is empty.');
      else wait(item);
    }
    next();
  }

  const megabytes = n => n < 1 << 20 ? `${Math.ceil(n / 1024)} kB` : `${(n / (1 << 20)).toFixed(1)} MB`;

  function say(item, text, kind = '') {
    item.row.className = kind;
    item.text.textContent = text;
    item.stop.hidden = !['waiting', 'sending', 'broken'].includes(item.state);
    item.again.hidden = !['broken', 'cancelled'].includes(item.state);
    item.bar.hidden = !['waiting', 'sending', 'broken'].includes(item.state);
    card.hidden = false;
    const left = items.filter(i => ['waiting', 'sending', 'broken'].includes(i.state)), done = items.filter(i => i.job);
    summary.textContent = left.length ? `${done.length} of ${items.length} sent` : `${done.length} sent${items.length > done.length ? `, ${items.length - done.length} not` : ''}`;
  }

  function wait(item) {
    clearTimeout(item.timer);
    item.state = 'waiting';
    say(item, `${megabytes(item.file.size)} · waiting`);
    next();
  }

  function next() {
    for (const item of items) {
      if (running >= atOnce) return;
      if (item.state === 'waiting') send(item);
    }
  }

  function cancel(item) {
    clearTimeout(item.timer);
    item.state = 'cancelled';
    item.request?.abort();
    say(item, 'Cancelled.');
    next();
  }

  function end(item, kind, text) {
    item.state = 'ended';
    say(item, text, kind);
  }

  function send(item) {
    running++;
    item.state = 'sending';
    item.tries++;
    const request = item.request = new XMLHttpRequest(), body = new FormData(), seen = [];
    request.open('POST', '/api/upload');
    request.setRequestHeader('Idempotency-Key', item.key);
    request.upload.addEventListener('progress', e => {
      if (!e.lengthComputable || item.state !== 'sending') return;
      const now = performance.now();
      seen.push([now, e.loaded]);
      while (seen.length > 2 && now - seen[0][0] > 3000) seen.shift(); // speed of the last 3 s
      const speed = 1000 * (e.loaded - seen[0][1]) / Math.max(1, now - seen[0][0]), left = (e.total - e.loaded) / speed;
      item.bar.value = e.loaded / e.total;
      say(item, e.loaded < e.total
        ? `${megabytes(e.loaded)} of ${megabytes(e.total)}${speed > 0 ? ` · ${megabytes(speed)}/s · ${left < 60 ? `${Math.ceil(left)} s` : `${Math.ceil(left / 60)} min`} left` : ''}`
        : 'Sent; the server is checking it…');
    });
    request.addEventListener('loadend', () => {
      running--;
      if (item.state === 'sending') answered(item, request);
      next();
    });
    body.append('audio', item.file, item.file.name);
    say(item, `${megabytes(item.file.size)} · starting`);
    request.send(body);
  }

  function answered(item, request) {
    let answer = {};
    try { answer = JSON.parse(request.responseText); } catch { /* not from us: a proxy, or nothing */ }
    if (request.status === 202 || request.status === 200) {
      item.job = answer.job_id;
      item.open.href = `/jobs/${item.job}`;
      item.open.hidden = false;
      end(item, 'good', answer.message);
    } else if (request.status === 0 || request.status >= 500) {
      item.state = 'broken';
      const pause = pauses[Math.min(item.tries, pauses.length) - 1];
      item.timer = setTimeout(() => wait(item), pause * 1000);
      say(item, navigator.onLine ? `The connection broke; it goes on in ${pause} s.` : 'You are offline; it goes on when you are back.', 'bad');
    } else if (request.status === 401) {
      location.href = '/signin?next=/upload';
    } else {
      end(item, 'bad', answer.detail || 'The server refused it.');
    }
  }

  // What becomes of them is told on the same page.
  live.on(async e => {
    const item = e && items.find(i => i.job && i.job === e.data.job_id);
    if (!item) return;
    if (e.kind === 'sample.processed') {
      item.open.href = `/samples/${e.data.sample_id}`;
      item.open.textContent = 'Listen';
      end(item, 'good', 'Ready.');
    } else if (e.kind === 'sample.failed') {
      end(item, 'bad', 'It could not be analysed; its job says why.');
    } else if (e.data.status === 'processing') {
      end(item, '', { fetching: 'Fetching', decoding: 'Decoding', analyzing: 'Listening', describing: 'Describing', storing: 'Storing' }[e.data.step] || 'Working');
    }
  });
}
