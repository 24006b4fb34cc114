// The page that anybody would write first: MQTT.js, and a list item a device.
const client = mqtt.connect(address.get('broker'), { protocolVersion: 4, reconnectPeriod: 0 });
client.on('connect', () => client.subscribe(address.get('filter')));
client.on('message', (topic, payload) => show(topic, payload.toString()));
