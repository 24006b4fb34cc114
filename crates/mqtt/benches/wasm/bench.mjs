// Our codec in wasm beside npm's mqtt-packet, on the same bytes, taking turns in one run.
//
//     node bench.mjs <the .wasm> <the folder whose node_modules has mqtt-packet>
//
// Both are given bytes that lie in JavaScript's memory: ours copies them into wasm's first, and that is
// timed. Both sum the lengths of topic and payload of every packet. Theirs makes JavaScript objects; ours
// hands the packets to Rust inside wasm, where Willow uses them. The way back is the same: each encodes the
// packets it has decoded, and ours are copied out of wasm's memory, which is timed.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const [wasmFile, modules] = process.argv.slice(2);
const mqttPacket = createRequire(resolve(modules, "package.json"))("mqtt-packet");
const { instance } = await WebAssembly.instantiate(readFileSync(wasmFile));
const wasm = instance.exports;

// Many short samples: the system's scheduler, which spoils long ones on a busy machine, then spoils few.
const SAMPLES = 1000;
const SAMPLE_MS = 0.5;

function corpus(version) {
  const at = wasm.corpus(version);
  const chunkLength = wasm.corpus_len(version);
  // Only now: a view of wasm's memory ends when the memory grows.
  const chunk = Buffer.from(new Uint8Array(wasm.memory.buffer, at, chunkLength));
  const length = wasm.packet_len(version);
  const packets = [];
  for (let i = 0; i < chunk.length; i += length) packets.push(chunk.subarray(i, i + length));
  return { chunk, packets };
}

function ours(version, pieces) {
  const room = wasm.room(Math.max(...pieces.map((piece) => piece.length)));
  const memory = new Uint8Array(wasm.memory.buffer);
  return () => {
    let sum = 0;
    for (const piece of pieces) {
      memory.set(piece, room);
      sum += wasm.decode(room, piece.length, version);
    }
    return sum;
  };
}

function theirs(version, pieces) {
  const parser = mqttPacket.parser({ protocolVersion: version });
  let sum = 0;
  parser.on("packet", (packet) => {
    sum += packet.topic.length + packet.payload.length;
  });
  parser.on("error", (error) => {
    throw error;
  });
  return () => {
    sum = 0;
    for (const piece of pieces) parser.parse(piece);
    return sum;
  };
}

/** So many packets a call. */
function oursEncoding(version, packets, each) {
  const encoder = wasm.encoder(version);
  const at = wasm.encoded(encoder);
  const memory = new Uint8Array(wasm.memory.buffer);
  const out = new Uint8Array(packets.length * packets[0].length);
  return () => {
    let sum = 0;
    for (let i = 0; i < packets.length; i += each) {
      const length = wasm.encode(encoder, i, each);
      out.set(memory.subarray(at, at + length), sum);
      sum += length;
    }
    return sum;
  };
}

function theirsEncoding(version, packets) {
  const options = { protocolVersion: version };
  const parser = mqttPacket.parser(options);
  const decoded = [];
  parser.on("packet", (packet) => decoded.push(packet));
  for (const packet of packets) parser.parse(packet);
  return () => {
    let sum = 0;
    for (const packet of decoded) sum += mqttPacket.generate(packet, options).length;
    return sum;
  };
}

function once(run) {
  const start = process.hrtime.bigint();
  run();
  return Number(process.hrtime.bigint() - start);
}

/** Nanoseconds a packet, of each, in turns. */
function measure(runs, packets) {
  const rounds = runs.map((run) => {
    const until = performance.now() + 400;
    let best = Infinity;
    while (performance.now() < until) best = Math.min(best, once(run));
    return Math.max(1, Math.round((SAMPLE_MS * 1e6) / best));
  });
  const samples = runs.map(() => []);
  for (let i = 0; i < SAMPLES; i++) {
    runs.forEach((run, which) => {
      const nanoseconds = once(() => {
        for (let round = 0; round < rounds[which]; round++) run();
      });
      samples[which].push(nanoseconds / rounds[which] / packets);
    });
  }
  return samples.map((sample) => {
    sample.sort((a, b) => a - b);
    return { minimum: sample[0], median: sample[sample.length >> 1] };
  });
}

const corpora = { 4: corpus(4), 5: corpus(5) };

// Those of decoding; encoding has none.
const goals = { "1000 a chunk": 50, "one a call": 25 };
let reached = true;
console.log(`Node ${process.version}, nanoseconds a packet (PUBLISH)\n`);
console.log("                                     ours min   median   mqtt-packet min   median     ratio");
for (const version of [4, 5]) {
  const { chunk, packets } = corpora[version];
  for (const [how, pieces] of [["1000 a chunk", [chunk]], ["one a call", packets]]) {
    const what = `${version === 4 ? "3.1.1" : "5.0"}, ${packets[0].length} bytes, ${how}`;
    compare(`decode ${what}`, packets.length, ours(version, pieces), theirs(version, pieces), goals[how]);
    // mqtt-packet has no call for many.
    const encoding = oursEncoding(version, packets, packets.length / pieces.length);
    compare(`encode ${what}`, packets.length, encoding, theirsEncoding(version, packets));
  }
}
console.log(reached ? "\nThe goal is reached in this run." : "\nThe goal is NOT reached in this run.");

function compare(what, packets, ours, theirs, goal) {
  const sums = [ours(), theirs()];
  if (sums[0] !== sums[1] || sums[0] === 0) throw new Error(`${what}: they do different things: ${sums}`);
  const [we, they] = measure([ours, theirs], packets);
  const ratio = they.median / we.median;
  let verdict = "";
  if (goal !== undefined) {
    reached &&= ratio >= goal;
    verdict = `  ${ratio >= goal ? "reached" : "NOT REACHED"} (${goal})`;
  }
  const cell = (value, width) => value.toFixed(1).padStart(width);
  console.log(
    `${what.padEnd(36)}${cell(we.minimum, 9)}${cell(we.median, 9)}${cell(they.minimum, 18)}` +
      `${cell(they.median, 9)}${cell(ratio, 10)}${verdict}`,
  );
}
