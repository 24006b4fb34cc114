// Our decoder in wasm beside npm's mqtt-packet, on the same bytes, taking turns in one run.
//
//     node bench.mjs <the .wasm> <the folder whose node_modules has mqtt-packet>
//
// Both are given bytes that lie in JavaScript's memory: ours copies them into wasm's first, and that is
// timed. Both sum the lengths of topic and payload of every packet. Theirs makes JavaScript objects; ours
// hands the packets to Rust inside wasm, where Willow uses them.

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

const goals = { "1000 a chunk": 50, "one a call": 25 };
console.log(`Node ${process.version}, nanoseconds a packet (decode of PUBLISH)\n`);
console.log("                              ours min   median   mqtt-packet min   median     ratio");
let reached = true;
for (const version of [4, 5]) {
  const { chunk, packets } = corpora[version];
  for (const [how, pieces] of [["1000 a chunk", [chunk]], ["one a call", packets]]) {
    const runs = [ours(version, pieces), theirs(version, pieces)];
    const sums = runs.map((run) => run());
    if (sums[0] !== sums[1] || sums[0] === 0) throw new Error(`they read different things: ${sums}`);
    const [we, they] = measure(runs, packets.length);
    const ratio = they.median / we.median;
    const good = ratio >= goals[how];
    reached &&= good;
    const name = `${version === 4 ? "3.1.1" : "5.0"}, ${packets[0].length} bytes, ${how}`;
    const cell = (value, width) => value.toFixed(1).padStart(width);
    console.log(
      `${name.padEnd(28)}${cell(we.minimum, 10)}${cell(we.median, 9)}${cell(they.minimum, 18)}` +
        `${cell(they.median, 9)}${cell(ratio, 10)}  ${good ? "reached" : "NOT REACHED"} (${goals[how]})`,
    );
  }
}
console.log(reached ? "\nThe goal is reached in this run." : "\nThe goal is NOT reached in this run.");
