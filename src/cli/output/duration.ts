/** A length of time for a person: `85ms`, `4.2s`, `1m 05s`, `2h 03m`. */
export function formatDuration(ms: number): string {
  if (ms < 100) return `${Math.max(0, Math.round(ms))}ms`;
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)}s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m ${two(seconds % 60)}s`;
  return `${Math.floor(minutes / 60)}h ${two(minutes % 60)}m`;
}

/** A running time, which must not jump in width or unit at every look: `0.4s`, `12s`, `1m 05s`. */
export function formatElapsed(ms: number): string {
  return ms < 100 ? "0.0s" : formatDuration(Math.floor(ms / 100) * 100);
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}
