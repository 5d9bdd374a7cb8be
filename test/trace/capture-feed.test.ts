import { expect, test } from 'vitest';
import { LINKTYPE_ETHERNET, LINKTYPE_RAW } from '../../src/trace/capture.ts';
import { CaptureFeed } from '../../src/trace/capture-feed.ts';
import { readCapture, readCaptureContents } from '../../src/trace/capture-reader.ts';
import { joined } from './captures.ts';

const frame = (length: number) => ({ buf: new Uint8Array(length + 5).fill(7), off: 2, len: length });

test('the pieces that have come are a whole capture at any time', () => {
  const pieces: Uint8Array[] = [];
  const seen = (): number[] => readCapture(joined(...pieces)).map(({ octets }) => octets.length);
  const feed = new CaptureFeed((octets) => pieces.push(octets) > 0, {
    comment: 'seed 5',
    epoch: 1000,
    snapLength: 100,
  });
  expect(seen()).toEqual([]);
  const a = feed.port('a', 'ip', 'the first');
  a('send', 1.5, frame(40));
  expect(seen()).toEqual([40]);
  const b = feed.port('b', 'ethernet');
  expect(seen()).toEqual([40]);
  b('receive', 2, frame(1000));
  a('receive', 2.000001, frame(41));
  expect(feed).toMatchObject({ packets: 3, dropped: 0 });
  expect(readCaptureContents(joined(...pieces))).toMatchObject({
    sections: [{ application: 'tsyn', comments: ['seed 5'] }],
    interfaces: [
      { number: 0, linkType: LINKTYPE_RAW, name: 'a', description: 'the first', snapLength: 100 },
      { number: 1, linkType: LINKTYPE_ETHERNET, name: 'b' },
    ],
    packets: [
      { interface: 0, time: 1001.5, direction: 'outbound', length: 40 },
      { interface: 1, time: 1002, direction: 'inbound', length: 1000, octets: new Uint8Array(100).fill(7) },
      { interface: 0, seconds: 1, nanoseconds: 2_000_001, direction: 'inbound', length: 41 },
    ],
    error: null,
  });
});

test('packets without room are counted, and in the file, too', () => {
  const pieces: Uint8Array[] = [];
  let room = true;
  const feed = new CaptureFeed((octets, packet) => (!packet || room) && pieces.push(octets) > 0);
  const port = feed.port('a', 'ip');
  port('send', 1, frame(1));
  room = false;
  port('send', 2, frame(2));
  port('send', 3, frame(3));
  feed.port('b', 'ip')('send', 3, frame(3));
  room = true;
  port('send', 4, frame(4));
  expect(feed).toMatchObject({ packets: 2, dropped: 3 });
  const file = joined(...pieces);
  expect(readCapture(file).map(({ time }) => time)).toEqual([1, 4]);
  // Its last block has two options: where it went (flags, 4 octets), and epb_dropcount, 8 octets.
  const dropcount = [4, 0, 8, 0, 2, 0, 0, 0, 0, 0, 0, 0];
  expect([...file.slice(-20, -8)]).toEqual(dropcount);
});
