/**
 * Owns: what an emulated PC boots: Debian's kernel for i386, a BIOS, and first files with busybox and the driver of one card. All of it
 * is fetched with apt, for that architecture and into a folder of its own: nothing is installed, and nothing of it is ever committed.
 * The folder is kept, so the 60 MB are fetched once.
 */

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { archive, device, directory, file, link } from './cpio.mjs';

const PLACE = fileURLToPath(new URL('../../node_modules/.cache/guest', import.meta.url));
const SOURCE = 'http://deb.debian.org/debian bookworm main';

/** In the order in which each finds what it needs. */
const MODULES = [
  'failover',
  'net_failover',
  'virtio_ring',
  'virtio',
  'virtio_pci_legacy_dev',
  'virtio_pci_modern_dev',
  'virtio_pci',
  'virtio_net',
];

/**
 * Fetches what is not there yet.
 *
 * @param files more files for the guest: [name, data]
 * @returns { release, kernel, initrd, bios, videoBios }: its version, and buffers
 * @throws Error where apt is not to be had, or has no such packages
 */
export function makeImage({ init, files = [] }) {
  const root = join(PLACE, 'root');
  if (!existsSync(join(root, 'complete'))) fetchPackages(root);
  const release = readdirSync(join(root, 'lib/modules'))[0];
  const kernel = readFileSync(join(root, 'boot', `vmlinuz-${release}`));
  return {
    release,
    kernel,
    initrd: gzipSync(firstFiles(root, release, init, files)),
    bios: readFileSync(join(root, 'usr/share/seabios/bios.bin')),
    videoBios: readFileSync(join(root, 'usr/share/seabios/vgabios-stdvga.bin')),
  };
}

function fetchPackages(root) {
  const lists = join(PLACE, 'lists');
  const packages = join(PLACE, 'packages');
  for (const folder of [root, packages, join(lists, 'partial'), join(PLACE, 'cache/archives/partial')]) {
    mkdirSync(folder, { recursive: true });
  }
  writeFileSync(join(PLACE, 'sources.list'), `deb ${SOURCE}\n`);
  const settings = [
    'APT::Architecture "i386"',
    'APT::Architectures {"i386"}',
    `Dir::State::lists "${lists}"`,
    'Dir::State::status "/dev/null"',
    `Dir::Cache "${join(PLACE, 'cache')}"`,
    `Dir::Etc::sourcelist "${join(PLACE, 'sources.list')}"`,
    'Dir::Etc::sourceparts "-"',
    'Acquire::Languages "none"',
  ];
  writeFileSync(join(PLACE, 'apt.conf'), settings.map((line) => `${line};\n`).join(''));
  const env = { ...process.env, APT_CONFIG: join(PLACE, 'apt.conf') };
  const run = (command, ...words) =>
    execFileSync(command, words, { cwd: packages, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  run('apt-get', '-q', 'update');
  const image = /Depends: (linux-image-\S+)/.exec(run('apt-cache', 'depends', 'linux-image-686'))?.[1];
  if (image === undefined) throw new Error('apt knows no kernel for i386');
  run('apt-get', '-q', 'download', image, 'busybox-static', 'seabios');
  for (const name of readdirSync(packages)) {
    if (name.endsWith('.deb')) run('dpkg-deb', '-x', name, root);
  }
  for (const folder of [lists, packages, join(PLACE, 'cache')]) rmSync(folder, { recursive: true });
  writeFileSync(join(root, 'complete'), '');
}

function firstFiles(root, release, init, files) {
  const modules = modulesOf(join(root, 'lib/modules', release));
  const load = MODULES.map((name) => `/bin/busybox insmod /modules/${name}.ko`).join('\n');
  const entries = ['bin', 'dev', 'proc', 'sys', 'modules', 'www', 'tmp'].map(directory);
  entries.push(device('dev/console', 5, 1), device('dev/null', 1, 3));
  entries.push(file('bin/busybox', readFileSync(join(root, 'bin/busybox'))), link('bin/sh', 'busybox'));
  for (const name of MODULES) entries.push(file(`modules/${name}.ko`, readFileSync(modules.get(`${name}.ko`))));
  for (const [name, data] of files) entries.push(file(name, data));
  entries.push(file('init', `#!/bin/sh\n${load}\n${init}`));
  return archive(entries);
}

/** Where each module is, by its file's name. */
function modulesOf(folder) {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ko'));
  return new Map(paths.map((path) => [path.slice(path.lastIndexOf('/') + 1), join(folder, path)]));
}
