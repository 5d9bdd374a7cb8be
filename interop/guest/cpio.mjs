/** Owns: an archive in the form that Linux unpacks its first files from (cpio, "newc"). */

const DIRECTORY = 0o040755;
const FILE = 0o100755;
const DEVICE = 0o020600;
const LINK = 0o120777;

export const directory = (name) => ({ name, mode: DIRECTORY });
export const file = (name, data) => ({ name, mode: FILE, data: Buffer.from(data) });
export const link = (name, target) => ({ name, mode: LINK, data: Buffer.from(target) });
/** A character device. */
export const device = (name, major, minor) => ({ name, mode: DEVICE, major, minor });

/** @param entries parents before what is in them */
export function archive(entries) {
  const parts = [...entries, { name: 'TRAILER!!!', mode: 0 }].map(entry);
  return Buffer.concat(parts);
}

function entry({ name, mode, data = Buffer.alloc(0), major = 0, minor = 0 }, index) {
  const inode = index + 1;
  // inode, mode, uid, gid, links, mtime, size, device of the file (2), device it is (2), length of the name, checksum
  const fields = [inode, mode, 0, 0, 1, 0, data.length, 0, 0, major, minor, name.length + 1, 0];
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}${name}\0`;
  return Buffer.concat([padded(Buffer.from(header)), padded(data)]);
}

function padded(data) {
  return Buffer.concat([data, Buffer.alloc((4 - (data.length % 4)) % 4)]);
}
