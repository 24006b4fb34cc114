// The same fleet as obvious JavaScript: a Map of objects, a filter and a sort for the rows.
//
//     node --expose-gc obvious.mjs <the folder with the messages>
//
// It knows one convention, no evidence but the flag and no history but a count. As with MQTT.js a topic comes
// as a string and a payload as a Buffer, which a device keeps. Names are compared plainly, which gives the
// natural order of these alone. Every answer must be that of `main.rs`.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const folder = process.argv[2];
const read = (name) => readFileSync(join(folder, `${name}.tsv`), "utf8");
// As they come from the wire: strings of their own, not slices of the file.
const message = (topic, word) => [Buffer.from(topic).toString(), Buffer.from(word)];
const messages = (name) => read(name).split("\n").map((line) => message(...line.split("\t")));

const IN_SIGHT = 300;
const SEARCH = "node-0042";
const RANK = { offline: 0, degraded: 1, unknown: 2, online: 3, sleeping: 3 };
const SUFFIX = "/status";

class Fleet {
  devices = new Map();
  counts = { online: 0, offline: 0 };
  epoch = 0;

  apply(topic, payload, retain, now) {
    if (!topic.endsWith(SUFFIX)) return;
    const status = payload.toString().trim().toLowerCase();
    if (status !== "online" && status !== "offline") return;
    const id = topic.slice(0, -SUFFIX.length);
    const device = this.devices.get(id);
    if (device === undefined) {
      const since = retain ? null : now;
      this.devices.set(id, {
        id, topic, payload, status, since, evidence: retain ? "retained" : "live",
        firstSeen: now, changes: 0, changedAt: 0, touchedAt: ++this.epoch,
      });
      this.counts[status]++;
      return;
    }
    device.payload = payload;
    if (device.status !== status) {
      this.counts[device.status]--;
      this.counts[status]++;
      device.status = status;
      device.since = retain ? null : now;
      device.evidence = retain ? "retained" : "live";
      device.changes++;
      device.changedAt = device.touchedAt = ++this.epoch;
    } else if (!retain && device.evidence !== "live") {
      device.evidence = "live";
      device.touchedAt = ++this.epoch;
    }
  }

  rows(order, text = "") {
    const rows = [...this.devices.values()].filter((device) => text === "" || device.topic.toLowerCase().includes(text));
    const byName = (a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
    const compare = {
      trouble: (a, b) => RANK[a.status] - RANK[b.status] || byName(a, b),
      name: byName,
      change: (a, b) => b.changedAt - a.changedAt || byName(a, b),
    }[order];
    return rows.sort(compare);
  }

  groups() {
    const groups = new Map();
    for (const device of this.rows("trouble")) {
      const name = device.topic.split("/").slice(0, 2).join("/");
      let group = groups.get(name);
      if (group === undefined) groups.set(name, (group = { name, counts: { online: 0, offline: 0 }, rows: [] }));
      group.counts[device.status]++;
      group.rows.push(device);
    }
    return [...groups.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }
}

function apply(fleet, list, retain) {
  for (const [topic, word] of list) fleet.apply(topic, word, retain, 1_700_000_000_000);
}

function loaded(list) {
  const fleet = new Fleet();
  apply(fleet, list, true);
  return fleet;
}

const lines = [];
function write(name, ...values) {
  lines.push([name, ...values.map((value) => value.toFixed(1))].join("\t"));
  console.log(lines.at(-1));
}

/** Nanoseconds an element: the least and the median of at least 15 rounds and 1.5 seconds. */
function measure(name, elements, run) {
  for (const until = performance.now() + 300; performance.now() < until; ) run();
  const samples = [];
  for (const until = performance.now() + 1500; performance.now() < until || samples.length < 15; ) {
    const start = process.hrtime.bigint();
    run();
    samples.push(Number(process.hrtime.bigint() - start) / elements);
  }
  samples.sort((a, b) => a - b);
  write(name, samples[0], samples[samples.length >> 1]);
}

function check(name, found) {
  if (found.join("\n") !== read(name)) throw new Error(`${name}: JavaScript answers something else`);
}

function memory() {
  gc();
  gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const before = memory();
let retained = messages("retained");
const kept = new Fleet();
apply(kept, retained, true);
retained = null;
write("bytes-100k", (memory() - before) / kept.devices.size);
retained = messages("retained");
const [there, back] = ["there", "back"].map(messages);

measure("apply-retained", retained.length, () => loaded(retained));
{
  const fleet = loaded(retained);
  let turn = 0;
  measure("apply-live", there.length, () => apply(fleet, turn++ % 2 ? back : there, false));
}

const fleet = loaded(retained);
apply(fleet, there, false);
apply(fleet, back, false);
const ids = (rows) => rows.slice(0, IN_SIGHT).map((device) => device.id);
for (const order of ["trouble", "name", "change"]) {
  check(`rows-${order}`, ids(fleet.rows(order)));
  measure(`rows-${order}`, 1, () => fleet.rows(order).slice(0, IN_SIGHT));
}
check("search", ids(fleet.rows("trouble", SEARCH)));
measure("search", 1, () => fleet.rows("trouble", SEARCH).slice(0, IN_SIGHT));
check("groups", fleet.groups().map(({ name, counts }) => `${name} ${counts.offline}`));
measure("groups", 1, () => fleet.groups());

const frames = ["frame-there", "frame-back"].map(messages);
const visible = fleet.rows("trouble").slice(0, IN_SIGHT);
const epoch = fleet.epoch;
apply(fleet, frames[0], false);
measure("changed", 1, () => visible.filter((device) => device.touchedAt > epoch).length);
apply(fleet, frames[1], false);
let turn = 0;
measure("frame", 1, () => {
  const before = fleet.epoch;
  apply(fleet, frames[turn++ % 2], false);
  return fleet.rows("trouble").slice(0, IN_SIGHT).filter((device) => device.touchedAt > before).length;
});

{
  const before = memory();
  let million = messages("million");
  const start = performance.now();
  const fleet = loaded(million);
  write("load-1m", performance.now() - start);
  million = null;
  write("bytes-1m", (memory() - before) / fleet.devices.size);
  const sorting = performance.now();
  fleet.rows("trouble");
  write("rows-1m", performance.now() - sorting);
}
writeFileSync(join(folder, "javascript.tsv"), `${lines.join("\n")}\n`);
