// mqtt over tsyn, with a broker: npm run -s build && node examples/mqtt.mjs
import { once } from 'node:events';
import { Aedes } from 'aedes';
import { MqttClient } from 'mqtt';
import net from 'tsyn/net';

// The broker's line: aedes takes any connection.
const broker = await Aedes.createBroker();
const server = net.createServer(broker.handle).listen(1883, '127.0.0.1');
await once(server, 'listening');

// The client's line: a function that makes the connection.
const client = new MqttClient(() => net.connect(1883, '127.0.0.1'), {});

await client.subscribeAsync('weather/#');
client.publish('weather/today', 'fair');
const [topic, payload] = await once(client, 'message');
console.log(`mqtt: ${topic} is ${payload}`);
await client.endAsync();
broker.close();
server.close();
