/** The problem matchers of one job; `add-matcher` in one step is in force in those that follow. */
export class MatcherRegistry {}
