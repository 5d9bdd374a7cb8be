/** Owns: the gallery's searches, in a thread of their own: to stop one is to end the worker. */

import { answer, EXPERIMENTS, type Experiment, GOALS, isExpected, modelAt, rehearse, replay, WHYS } from 'tsyn/check';
import { HOST, type Notes, type Played, type Request, type Response, type Shown } from './messages.ts';

/** States between two reports. */
const EVERY = 2000;

/** What there is to be searched, each at the least level that has it. */
export const entries = WHYS.map(({ name, experiments }) => ({ name, shown: experiments.map(shownOf) }));

function shownOf(experiment: Experiment): Shown {
  const { level } = experiment.question;
  return { experiment, level, model: modelAt(experiment.question, level) };
}

export function serve(request: Request, tell: (response: Response) => void): void {
  const shown = shownOf(EXPERIMENTS.find(({ name }) => name === request.experiment)!);
  const { name } = shown.experiment;
  if (request.ask === 'search') search(shown, tell);
  else tell({ experiment: name, cure: request.cure, played: play(shown, request) });
}

function search({ experiment, level }: Shown, tell: (response: Response) => void): void {
  const { name, question } = experiment;
  const result = answer(question, level, {
    every: EVERY,
    progress: (progress) => {
      tell({ experiment: name, progress });
      return true;
    },
  });
  const trap = result.property !== null && result.property in GOALS;
  tell({ experiment: name, found: { result, expected: isExpected(experiment, result), trap } });
}

function play({ experiment, model }: Shown, { trace, notes, cure }: Extract<Request, { ask: 'replay' }>): Played {
  const { question } = experiment;
  const words = wordsOf(notes);
  const { hosts, events } = cure
    ? replay(model, rehearse(model, trace), { words })
    : replay(model, trace, { mutant: question.mutant, words });
  return { hosts, events };
}

function wordsOf({ crashes, forgets, reports }: Notes) {
  const about = (note: string) => (host: string) => note.replace(HOST, host);
  return { crashes: about(crashes), forgets: about(forgets), reports: about(reports) };
}
