/** Owns: an emulated PC with Linux on it: booting, and a shell on its serial line that runs one command after the other. */

import { fileURLToPath } from 'node:url';
import { V86 } from 'v86';

const WASM = fileURLToPath(import.meta.resolve('v86')).replace(/libv86\.mjs$/, 'v86.wasm');
/** More than the 64 MiB at which the first files are put. */
const MEMORY = 128 * 1024 * 1024;
const BOOT_LIMIT = 400_000;
const COMMAND_LIMIT = 60_000;

const buffer = (octets) => ({ buffer: octets.buffer.slice(octets.byteOffset, octets.byteOffset + octets.length) });

export class Machine {
  /** For `v86Link`. */
  emulator;
  /** What the serial line has said. */
  said = '';
  #heard = () => {};
  #commands = 0;

  constructor({ kernel, initrd, bios, videoBios }) {
    this.emulator = new V86({
      wasm_path: WASM,
      memory_size: MEMORY,
      bios: buffer(bios),
      vga_bios: buffer(videoBios),
      bzimage: buffer(kernel),
      initrd: buffer(initrd),
      cmdline: 'console=ttyS0 quiet tsc=reliable lpj=4000000 mitigations=off random.trust_cpu=on',
      net_device: { type: 'virtio' },
      disable_keyboard: true,
      disable_mouse: true,
      disable_speaker: true,
      autostart: true,
    });
    this.emulator.add_listener('serial0-output-byte', (octet) => {
      this.said += String.fromCharCode(octet);
      this.#heard();
    });
  }

  /** Waits for the shell. */
  boot() {
    return this.#until('READY', BOOT_LIMIT);
  }

  /** Runs a line in the guest's shell. @returns what it printed @throws Error when its status is not 0 */
  async run(line, wantedStatus = 0) {
    const mark = `@${++this.#commands}@`;
    this.said = '';
    // The marks are typed in two parts, so that the echo of what is typed is not taken for the answer.
    this.emulator.serial0_send(`echo "${mark}""begin"; ${line}; echo "${mark}""$?@"\n`);
    const answer = new RegExp(`${mark}begin\r?\n([^]*)${mark}(\\d+)@`);
    await this.#until(answer, COMMAND_LIMIT, line);
    const [, before, status] = answer.exec(this.said);
    if (Number(status) !== wantedStatus) throw new Error(`in the guest, ${line}: status ${status}, ${before.trim()}`);
    return before.replaceAll('\r', '').trim();
  }

  async stop() {
    await this.emulator.destroy();
  }

  #until(pattern, limit, what = 'booting') {
    return new Promise((resolve, reject) => {
      const finish = (settle, value) => {
        clearTimeout(timer);
        this.#heard = () => {};
        settle(value);
      };
      const late = () =>
        finish(reject, new Error(`${what} took more than ${limit} ms; the guest said: ${this.said.slice(-1000)}`));
      const timer = setTimeout(late, limit);
      this.#heard = () => {
        if (this.said.search(pattern) >= 0) finish(resolve);
      };
      this.#heard();
    });
  }
}
