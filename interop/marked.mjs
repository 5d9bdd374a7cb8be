/**
 * Owns: a router that is congested when a case says so: a link, wrapped so that packets that may be marked (RFC 3168 5) leave
 * it with congestion experienced.
 */

import { readU16, update16, writeU16 } from '../dist/wire/index.js';

/** The ECN field: may not be marked, marked. */
const NOT_ECT = 0;
const CE = 3;

/** Wraps a link. `link` is to be used in place of `inner`. */
export function marked(inner) {
  const rules = [];
  const pass = (packet, direction) => {
    const rule = rules.find(({ which, left }) => left > 0 && which(packet, direction));
    if (rule === undefined || !mark(packet)) return;
    rule.left--;
    rule.count++;
  };
  return {
    link: {
      medium: inner.medium,
      mtu: inner.mtu,
      offload: inner.offload,
      send: (packet) => {
        pass(packet, 'send');
        inner.send(packet);
      },
      attach: (receiver) => {
        inner.attach({
          packet: (packet) => {
            pass(packet, 'receive');
            receiver.packet(packet);
          },
          burstEnd: () => receiver.burstEnd(),
        });
      },
      close: () => inner.close(),
    },
    /** Marks the next `left` packets of a kind (see `World.are`) that may be marked; `count` is how many have been. */
    mark: (which, left = 1) => {
      const rule = { which, left, count: 0 };
      rules.push(rule);
      return rule;
    },
  };
}

/** @returns whether the packet could be marked */
function mark({ buf, off }) {
  const four = buf[off] >> 4 === 4;
  const field = (four ? buf[off + 1] : buf[off + 1] >> 4) & CE;
  if (field === NOT_ECT) return false;
  const word = readU16(buf, off);
  buf[off + 1] |= four ? CE : CE << 4;
  if (four) writeU16(buf, off + 10, update16(readU16(buf, off + 10), word, readU16(buf, off)));
  return true;
}
