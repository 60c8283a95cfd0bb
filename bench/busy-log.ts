/** Log as a busy program's pipe brings it: pieces of about 64 KiB, no two alike. */
export function* busyLog(bytes: number): Generator<Buffer> {
  for (let left = bytes, line = 0; left > 0; ) {
    let text = "";
    while (text.length < 64 * 1024) {
      line += 1;
      text += `12:30:01.123 info compiled file ${line} in ${(line * 7919) % 97} ms\n`;
    }
    const piece = Buffer.from(text).subarray(0, left);
    left -= piece.length;
    yield piece;
  }
}
