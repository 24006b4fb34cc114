// What the plain pages share: a list item a device, changed when its message comes, and two counters that are
// written once a frame. With `nodes=0` in the address there are no list items: a Map of the statuses, no more.
const address = new URLSearchParams(location.search);
const hasNodes = address.get('nodes') !== '0';
const board = document.querySelector('ul');
const devices = new Map();
let offline = 0;
let isDue = false;

function tile(id) {
  const tile = document.createElement('li');
  const name = document.createElement('b');
  const status = document.createElement('span');
  tile.dataset.device = id;
  name.textContent = id;
  tile.append(name, status);
  board.append(tile);
  return tile;
}

function show(topic, status) {
  const id = topic.slice(0, topic.lastIndexOf('/'));
  let device = devices.get(id);
  if (!device) {
    device = { status: '', tile: hasNodes ? tile(id) : null };
    devices.set(id, device);
  }
  if (device.status !== status) {
    offline += (status === 'offline') - (device.status === 'offline');
    device.status = status;
    if (device.tile) {
      device.tile.dataset.status = status;
      device.tile.lastChild.textContent = status;
    }
  }
  if (!isDue) {
    isDue = true;
    requestAnimationFrame(count);
  }
}

function count() {
  isDue = false;
  document.querySelector('[data-count=total]').textContent = devices.size;
  document.querySelector('[data-count=offline]').textContent = offline;
}
