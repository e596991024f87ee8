/** Results of the check, as they come and as a table at the end. */
export class Table {
  #rows = [];

  /** @param problems why it is not as it should be; none where it is. */
  add(subject, check, problems, note = '') {
    const row = { subject, check, result: problems.length === 0 ? 'ok' : 'FAILED', note };
    this.#rows.push(row);
    console.log(`${row.result.padEnd(6)} ${subject}: ${check}${note && ` (${note})`}`);
    for (const problem of problems) console.log(`         ${problem}`);
  }

  get failed() {
    return this.#rows.filter(({ result }) => result !== 'ok').length;
  }

  print() {
    const columns = ['subject', 'check', 'result', 'note'];
    const widths = columns.map((column) => Math.max(...this.#rows.map((row) => row[column].length), column.length));
    const line = (cells) => `| ${cells.map((cell, index) => cell.padEnd(widths[index])).join(' | ')} |`;
    console.log(`\n${line(columns)}\n${line(widths.map((width) => '-'.repeat(width)))}`);
    for (const row of this.#rows) console.log(line(columns.map((column) => row[column])));
  }
}
