/** A small terminal: enough of one to see what a painter left on it. */
export class TestTerminal {
  readonly columns: number;
  readonly rows: number;
  /** Everything ever scrolled out at the top. */
  readonly scrolledOut: string[] = [];
  cursorShown = true;
  #screen: string[][] = [[]];
  #row = 0;
  #column = 0;

  constructor(columns: number, rows: number) {
    this.columns = columns;
    this.rows = rows;
  }

  get lines(): string[] {
    return this.#screen.map((cells) => cells.join("").trimEnd());
  }

  get cursor(): readonly [row: number, column: number] {
    return [this.#row, this.#column];
  }

  write(text: string): void {
    const pieces = text.matchAll(/\x1b\[([?0-9;]*)([A-Za-z])|[\s\S]/gu);
    for (const [whole, parameters, command] of pieces) {
      if (command === undefined) this.#put(whole);
      else this.#control(parameters ?? "", command);
    }
  }

  #control(parameters: string, command: string): void {
    const number = Number(parameters || "1");
    switch (command) {
      case "m":
        return;
      case "A":
        this.#row = Math.max(0, this.#row - number);
        return;
      case "K":
        this.#line().length = Math.min(this.#line().length, this.#column);
        return;
      case "J":
        this.#screen.length = this.#row + 1;
        this.#line().length = Math.min(this.#line().length, this.#column);
        return;
      case "h":
      case "l":
        if (parameters === "?25") this.cursorShown = command === "h";
        else if (parameters !== "?2026") throw new Error(`unexpected mode ${parameters}`);
        return;
      default:
        throw new Error(`unexpected control ${parameters}${command}`);
    }
  }

  #put(character: string): void {
    if (character === "\r") this.#column = 0;
    else if (character === "\n") this.#newLine();
    else if (character < " ") throw new Error(`unexpected character ${JSON.stringify(character)}`);
    else {
      if (this.#column >= this.columns) {
        this.#column = 0;
        this.#newLine();
      }
      const line = this.#line();
      while (line.length < this.#column) line.push(" ");
      line[this.#column] = character;
      this.#column += 1;
    }
  }

  #newLine(): void {
    this.#row += 1;
    if (this.#row >= this.#screen.length) this.#screen.push([]);
    while (this.#screen.length > this.rows) {
      this.scrolledOut.push((this.#screen.shift() ?? []).join("").trimEnd());
      this.#row -= 1;
    }
  }

  #line(): string[] {
    let line = this.#screen[this.#row];
    if (line === undefined) {
      line = [];
      this.#screen[this.#row] = line;
    }
    return line;
  }
}
