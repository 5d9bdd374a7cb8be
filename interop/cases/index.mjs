/** Owns: the list of all cases. */

import { bulk } from './bulk.mjs';
import { close } from './close.mjs';
import { fastOpen } from './fastopen.mjs';
import { mission } from './mission.mjs';
import { open } from './open.mjs';
import { options } from './options.mjs';
import { tools } from './tools.mjs';

export const cases = [...open, ...options, ...fastOpen, ...close, ...mission, ...tools, ...bulk];
