/**
 * A bug that needs bad luck: a request is sent again because its answer is late, and what it asks for is done twice.
 *
 *   tsyn sim examples/scenarios/retry-twice.mjs --seeds 1000 --minimise
 *
 * The client deposits 10 on an account, five times. Where no answer comes within 250 ms it connects anew and asks again: which
 * is right if the request was lost, and wrong if the answer was.
 */

const PATIENCE = 250;
const DEPOSITS = 5;

/** An account that takes deposits: `+10` a line, answered `ok`. */
function openAccount(host) {
  const account = { balance: 0 };
  host.stack.tcp.listen({
    port: 7000,
    onConnection(socket) {
      socket.handler = {
        onReadable() {
          for (const line of readText(socket).split('\n')) {
            if (line === '') continue;
            account.balance += Number(line);
            socket.write(new TextEncoder().encode('ok\n'));
          }
        },
        onEnd: () => socket.end(),
      };
    },
  });
  return account;
}

/** Deposits 10 some times, one after the other. */
function deposit(sim, host, address, progress) {
  if (progress.confirmed === DEPOSITS) return;
  const socket = host.stack.tcp.connect({ address, port: 7000 });
  const patience = sim.after(PATIENCE, () => {
    socket.abort();
    deposit(sim, host, address, progress); // the bug: the server may have done it
  });
  socket.handler = {
    onConnect: () => socket.write(new TextEncoder().encode('+10\n')),
    onReadable() {
      if (readText(socket) !== 'ok\n') return;
      patience.cancel();
      socket.end();
      progress.confirmed++;
      deposit(sim, host, address, progress);
    },
  };
}

function readText(socket) {
  const octets = new Uint8Array(socket.readableLength);
  return new TextDecoder().decode(octets.subarray(0, socket.read(octets)));
}

export default {
  name: 'retry-twice',
  description: 'a deposit whose answer was late is made twice',
  deadline: 120_000,
  run(sim) {
    const client = sim.host('client');
    const bank = sim.host('bank');
    sim.link(client, bank, { latency: 15, jitter: 1, loss: 0.005 });
    const account = openAccount(bank);
    const progress = { confirmed: 0 };
    deposit(sim, client, bank.address, progress);
    sim.runUntil(() => progress.confirmed === DEPOSITS, { goal: 'every deposit is confirmed' });
    if (account.balance !== DEPOSITS * 10) {
      throw new Error(`${DEPOSITS} deposits of 10 were confirmed, and the balance is ${account.balance}`);
    }
  },
};
