// The broker aedes over TCP and WebSocket, on loopback, in memory:
//   node aedes.mjs <folder of node_modules> <TCP port> <WebSocket port>
// Everybody may come without a login; who brings one must bring the right one. Nobody may watch what is secret.

import { createServer } from "node:net";

const [modules, tcp, websocket] = process.argv.slice(2);
const { Aedes } = await import(`${modules}/aedes/aedes.js`);
const { WebSocketServer, createWebSocketStream } = await import(`${modules}/ws/wrapper.mjs`);

const broker = await Aedes.createBroker({
  authenticate: (_client, user, password, done) => {
    done(null, user === undefined || (user === "willow" && String(password) === "right"));
  },
  authorizeSubscribe: (_client, subscription, done) => {
    done(null, subscription.topic.startsWith("secret/") ? null : subscription);
  },
});
createServer(broker.handle).listen(tcp, "127.0.0.1");
new WebSocketServer({ host: "127.0.0.1", port: websocket }).on("connection", (socket, request) => {
  broker.handle(createWebSocketStream(socket), request);
});
