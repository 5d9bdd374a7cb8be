/** Owns: which words the page needs; a dictionary that lacks one does not compile. */

/** What a preset says. Sentences are short, for readers who have never heard of TCP. */
export interface PresetWords {
  readonly title: string;
  /** What happens here and why it matters, a sentence an item. */
  readonly story: readonly string[];
  /** A question to be answered before it runs. `right` is the answer's place. */
  readonly predict: {
    readonly question: string;
    readonly answers: readonly string[];
    readonly right: number;
    readonly because: string;
  };
  /** Something to be done to it, and what is said when that is done; `hint` names the way. */
  readonly challenge: { readonly task: string; readonly hint: string; readonly praise: string };
}
