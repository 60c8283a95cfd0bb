/**
 * Real pipes for the output of processes. Node's own stdio "pipes" are sockets: a script that writes to `/dev/stderr`
 * fails on them, and stdout and stderr are two of them, so that the order between the two is lost.
 *
 * Node cannot make a pipe, but `mkfifo` makes many at once; each is opened once, unlinked, and is then a pipe like
 * any other. One `OutputPipes` a job; `close` when the job has ended.
 */
export class OutputPipes {
  constructor(_directory: string) {}

  /** Removes what was made and not used. */
  close(): void {}
}
