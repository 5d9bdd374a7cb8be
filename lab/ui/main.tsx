/** Owns: the page's beginning: its styles, its first run, and the frame put into the document. */

import './styles/base.css';
import './styles/ladder.css';
import './styles/transport.css';
import './styles/panels.css';
import { render } from 'preact';
import { App } from './app.tsx';
import { begin } from './begin.ts';
import { fetchLater } from './later.ts';

await begin();
render(<App />, document.getElementById('app')!);
// Two frames on, the first picture is on the screen.
requestAnimationFrame(() => requestAnimationFrame(fetchLater));
