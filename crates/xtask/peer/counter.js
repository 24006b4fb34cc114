// The least that a page can do with a WebSocket message: count it, or the packets in it, each of which is shorter than
// 130 bytes then. CONNACK and SUBACK are not counted.
const address = new URLSearchParams(location.search);
const total = document.querySelector('[data-count=total]');
const filter = new TextEncoder().encode(address.get('filter'));
const socket = new WebSocket(address.get('broker'), 'mqtt');
let messages = -2;
socket.binaryType = 'arraybuffer';
socket.onopen = () => {
  socket.send(Uint8Array.of(0x10, 13, 0, 4, 77, 81, 84, 84, 4, 2, 0, 0, 0, 1, 99));
  socket.send(Uint8Array.of(0x82, 5 + filter.length, 0, 1, 0, filter.length, ...filter, 0));
};
socket.onmessage = !address.has('packets') ? () => { messages++; } : ({ data }) => {
  const bytes = new Uint8Array(data);
  for (let at = 0; at < bytes.length; at += 2 + bytes[at + 1]) messages++;
};
requestAnimationFrame(function count() {
  total.textContent = Math.max(messages, 0);
  requestAnimationFrame(count);
});
