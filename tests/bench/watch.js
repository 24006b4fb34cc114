// What every measured page carries before its own scripts: a look at each frame, and at what it has painted.
//
// A frame's callback posts a message, and the message comes when the frame has been painted: what the document
// says then, a person can see. Gaps are those between the browser's own times of the frames. Times are
// `performance.now()` but for those of probes and of `completed`, which are of the wall clock, in milliseconds.
(() => {
  const watch = window.__watch = { gaps: [], load: null, opened: 0, completed: 0, seen: [], memory: null };
  let [expected, probes, offset, last, total] = ['', [], 0, 0, null];

  // The wall clock is told in whole milliseconds, and is right when it turns.
  watch.setClock = () => {
    const end = performance.now() + 30;
    for (offset = -Infinity; performance.now() < end;) {
      offset = Math.max(offset, Date.now() - performance.now());
    }
  };
  watch.expect = count => { [expected, watch.completed] = [String(count), 0]; };
  watch.probe = ids => { [probes, watch.seen] = [ids.map(id => ({ id, tile: null, status: '' })), []]; };
  watch.begin = () => { watch.gaps = []; };
  watch.frames = (gaps = watch.gaps) => {
    const sorted = Float64Array.from(gaps).sort();
    const share = share => sorted[Math.max(Math.ceil(share * sorted.length) - 1, 0)] ?? 0;
    const time = sorted.reduce((sum, gap) => sum + gap, 0);
    return { p50: share(.5), p95: share(.95), max: share(1), fps: time ? 1000 * sorted.length / time : 0 };
  };
  watch.wasm = () => watch.memory?.buffer.byteLength ?? 0;

  const find = (element, selector) => element?.isConnected ? element : document.querySelector(selector);
  const { port1, port2 } = new MessageChannel();
  port2.onmessage = () => {
    const now = performance.now();
    if (expected && !watch.completed) {
      total = find(total, '[data-count=total]');
      if (total?.textContent === expected) {
        watch.completed = now + offset;
        watch.load ??= { complete: now - watch.opened, ...watch.frames() };
      }
    }
    for (const probe of probes) {
      probe.tile = find(probe.tile, `[data-device="${probe.id}"]`);
      const status = probe.tile?.dataset.status ?? '';
      if (status !== probe.status) {
        probe.status = status;
        watch.seen.push([probe.id, status, now + offset]);
      }
    }
  };
  const frame = time => {
    if (last) watch.gaps.push(time - last);
    last = time;
    port1.postMessage(0);
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);

  window.WebSocket = class extends WebSocket {
    constructor(...all) {
      super(...all);
      this.addEventListener('open', () => { [watch.opened, watch.gaps] = [performance.now(), []]; });
    }
  };
  for (const name of ['instantiate', 'instantiateStreaming']) {
    const instantiate = WebAssembly[name].bind(WebAssembly);
    WebAssembly[name] = async (...all) => {
      const made = await instantiate(...all);
      // By its kind: a page made small calls it anything.
      const exported = Object.values((made.instance ?? made).exports);
      watch.memory ??= exported.find(one => one instanceof WebAssembly.Memory);
      return made;
    };
  }
  // What an action leads to is painted in the frame behind the next.
  watch.painted = async (act, isThere) => {
    const began = performance.now();
    act();
    for (;;) {
      await new Promise(resolve => requestAnimationFrame(() => setTimeout(resolve)));
      if (isThere()) return performance.now() - began;
    }
  };
})();
