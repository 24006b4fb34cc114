// Thirty lines: QoS 0 PUBLISH packets, shorter than 128 bytes, straight into list items.
const address = new URLSearchParams(location.search);
const [board, total] = [document.querySelector('ul'), document.querySelector('[data-count=total]')];
const filter = new TextEncoder().encode(address.get('filter'));
const text = new TextDecoder();
const tiles = new Map();
const socket = new WebSocket(address.get('broker'), 'mqtt');
socket.binaryType = 'arraybuffer';
socket.onopen = () => {
  socket.send(Uint8Array.of(0x10, 13, 0, 4, 77, 81, 84, 84, 4, 2, 0, 0, 0, 1, 99));
  socket.send(Uint8Array.of(0x82, 5 + filter.length, 0, 1, 0, filter.length, ...filter, 0));
};
socket.onmessage = ({ data }) => {
  const bytes = new Uint8Array(data);
  for (let at = 0; at < bytes.length; at += 2 + bytes[at + 1]) {
    if (bytes[at] >> 4 !== 3) continue;
    const split = at + 4 + bytes[at + 3];
    const id = text.decode(bytes.subarray(at + 4, split)).replace('/status', '');
    let tile = tiles.get(id);
    if (!tile) {
      tile = board.appendChild(document.createElement('li'));
      tile.dataset.device = id;
      tiles.set(id, tile);
      total.textContent = tiles.size;
    }
    tile.dataset.status = text.decode(bytes.subarray(split, at + 2 + bytes[at + 1]));
    tile.textContent = `${id} ${tile.dataset.status}`;
  }
};
