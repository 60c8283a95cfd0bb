/**
 * `concurrency` groups of one process, shared by its builds. They hold nothing across processes: two runs of
 * `slipway run` at once know nothing of each other.
 */
export class ConcurrencyGroups {}
