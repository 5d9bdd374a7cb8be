/** What the parts of the scenario share: text to send, its digest, and a socket of the core that sends and collects. */

export function pattern(length) {
  const octets = new Uint8Array(length);
  for (let i = 0; i < length; i++) octets[i] = (i * 31 + (i >> 8)) & 0xff;
  return octets;
}

export async function sha256(octets) {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', octets));
  return Array.from(digest, (octet) => octet.toString(16).padStart(2, '0')).join('');
}

/** Sends `text` over a socket as its buffer takes it, closes the direction, and collects what comes. */
export function talk(socket, text) {
  const end = { received: new Uint8Array(0) };
  const pieces = [];
  let at = 0;
  let ended = false;
  const write = () => {
    if (ended) return;
    at += socket.write(text, at, text.length - at);
    ended = at === text.length;
    if (ended) socket.end();
  };
  const read = () => {
    for (let view = socket.peek(); view.length > 0; view = socket.peek()) {
      pieces.push(view.slice());
      socket.consume(view.length);
    }
  };
  const onClose = (_, error) => {
    read();
    if (error !== null) throw error;
    end.received = join(pieces);
  };
  socket.handler = { onConnect: write, onWritable: write, onReadable: read, onClose };
  if (socket.state === 'ESTABLISHED') write();
  return end;
}

export function join(pieces) {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
