/** A workflow command that cannot be obeyed; the message is for the step's log. */
export class CommandProblem extends Error {}
