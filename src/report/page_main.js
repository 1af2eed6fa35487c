/* SPDX-License-Identifier: Apache-2.0 */
/* Ties the page together: what is selected in one part is shown in all. */

const byId = (id) => document.getElementById(id);

class Report {
  constructor(tables, events) {
    this.tables = tables;
    this.events = events;
    this.line = 0;
    this.linkTokens();
    this.linkLines();
    this.fillHead();
    fillStalls(byId("stalls"), tables);
    byId("roofline").append(byId("roofline-picture").content);
    this.timeline = new Timeline(byId("timeline"), events, tables, this);
    this.makeLists();
    this.makeButtons();
  }

  /* ---- What belongs together ---- */

  linkTokens() {
    this.tokens = new Map();
    const add = (insn, token) => {
      if (!this.tokens.has(insn)) this.tokens.set(insn, []);
      this.tokens.get(insn).push(token);
    };
    for (const token of this.events.tokens) {
      add(token.from, token);
      add(token.to, token);
    }
  }
  tokensOf(insn) { return this.tokens.get(insn) || []; }
  linkLines() {
    const { insns } = this.events;
    this.lines = this.tables.program.split("\n");
    if (!this.lines[this.lines.length - 1]) this.lines.pop();
    this.insnsOf = new Map();
    for (let i = 0; i < insns.count; i++) {
      if (!insns.line[i]) continue;
      const line = insns.line[i];
      if (!this.insnsOf.has(line)) this.insnsOf.set(line, []);
      this.insnsOf.get(line).push(i);
    }
  }

  /* Of a line, and of all that stands in the block which it opens. */
  insnsIn(line) {
    const made = (this.insnsOf.get(line) || []).slice();
    for (let inner = line + 1; inner < this.blockEnd(line); inner++)
      made.push(...(this.insnsOf.get(inner) || []));
    return made.sort((a, b) => a - b);
  }
  /* The line that closes a block has the indentation of the one that opens it;
   * a line without a block ends behind itself. */
  blockEnd(line) {
    const indent = (text) => text.search(/\S|$/);
    const first = this.lines[line - 1];
    if (!first.trimEnd().endsWith("{")) return line + 1;
    let end = line + 1;
    while (end <= this.lines.length &&
           indent(this.lines[end - 1]) > indent(first)) end++;
    return end;
  }
  /* "i2.outer, ic.outer": the loops around a line, from the outside. */
  loopsAround(line) {
    const loops = [];
    for (let outer = 1; outer < line; outer++) {
      const loop = this.lines[outer - 1].match(/^\s*for \(([^:]+):/);
      if (loop && this.blockEnd(outer) > line) loops.push(loop[1]);
    }
    return loops.join(", ");
  }

  /* ---- Texts ---- */

  text(insn) { return insnText(this.events.insns, insn, this.tables.opcodes); }
  mnemonic(insn) { return this.text(insn).split(" ", 1)[0]; }
  ended(insn) { return this.events.insns.unit[insn] !== 255; }
  describe(insn) {
    const { insns } = this.events;
    return `instruction ${insn}, ${this.mnemonic(insn)}, of ` +
      `${this.tables.units[insns.unit[insn]].name}, cycles ` +
      `${insns.start[insn]} to ${insns.end[insn]}`;
  }
  setRange(text) { byId("range").textContent = text; }

  fillHead() {
    const { tables } = this;
    const busy = tables.cycles ? (100 * tables.gemmSteps) / tables.cycles : 0;
    document.title = tables.title;
    byId("title").textContent = tables.title;
    byId("facts").textContent =
      `${tables.cycles.toLocaleString("en")} cycles, ` +
      `${this.events.insns.count.toLocaleString("en")} instructions` +
      (tables.runs === 1 ? "" : ` in ${tables.runs} streams`) +
      `; the matrix unit starts a micro-op in ${busy.toFixed(1)} % of them.` +
      (tables.unknown ? ` What ${tables.unknown} instructions access on chip ` +
        "is not known: memories hold more than is shown." : "");
    for (const group of tables.groups) {
      const item = document.createElement("span");
      item.append(swatch(group), group.name);
      byId("legend").append(item);
    }
  }

  /* ---- Lists ---- */

  makeLists() {
    const { insns } = this.events;
    const width = String(Math.max(insns.count - 1, 0)).length;
    this.insnList = new List(byId("insns"), insns.count,
      (i) => `${String(i).padStart(width)}  ${this.text(i)}`,
      (i) => this.selectInsn(i));
    byId("insns-note").textContent =
      "In the order of the program. Choose one to see it everywhere.";
    const linked = this.insnsOf.size > 0;
    byId("program-section").hidden = !this.lines.length;
    byId("program-note").textContent = linked ?
      "Before each line: the instructions that come from it. Choose a line " +
      "to see them, a loop to see those of all its lines." :
      "Where its instructions come from is not known.";
    this.programList = new List(byId("program"), this.lines.length,
      (i) => {
        const made = (this.insnsOf.get(i + 1) || []).length;
        return `${String(made || "").padStart(6)}  ${this.lines[i]}`;
      },
      (i) => this.selectLine(i + 1));
  }
  makeButtons() {
    const { timeline } = this;
    byId("zoom-in").onclick = () => timeline.zoom(0.5);
    byId("zoom-out").onclick = () => timeline.zoom(2);
    byId("fit").onclick = () => timeline.all();
    byId("to-selected").onclick = () => {
      if (timeline.selected >= 0) timeline.zoomTo(timeline.selected);
    };
  }

  /* ---- Choosing ---- */

  /* Shows an instruction, or nothing for -1. */
  selectInsn(insn) {
    const { insns } = this.events;
    if (insn >= 0 && !this.ended(insn)) {
      this.insnList.show(insn);
      this.fillSelected(element("p", `Instruction ${insn} was not ended ` +
        "when the run was."));
      return;
    }
    this.timeline.select(insn);
    this.insnList.show(insn);
    this.showLine(insn < 0 ? 0 : insns.line[insn]);
    if (insn < 0) this.fillSelected(element("p", "Nothing is selected."));
    else this.fillSelected(...this.insnDetails(insn));
  }
  showLine(line) {
    this.line = line;
    this.programList.mark(line ? [line - 1] : []);
    this.programList.show(line ? line - 1 : -1);
    this.timeline.mark([]);
    this.insnList.mark([]);
  }
  selectLine(line) {
    const made = this.insnsIn(line);
    this.timeline.select(-1);
    this.insnList.show(-1);
    this.showLine(line);
    this.timeline.mark(made.filter((insn) => this.ended(insn)));
    this.insnList.mark(made);
    if (made.length) {
      this.insnList.show(made[0]);
      this.insnList.current = -1;
      this.insnList.draw();
    }
    this.fillSelected(...this.lineDetails(line, made));
  }
  goToLine() {
    if (!this.line) return;
    byId("program").focus();
    this.programList.show(this.line - 1);
  }
  fillSelected(...content) { byId("selected").replaceChildren(...content); }

  /* ---- Details ---- */

  insnDetails(insn) {
    const { insns, units } = this.events;
    const unit = insns.unit[insn], end = insns.end[insn];
    const order = this.events.order[unit];
    const place = firstInsn(insns, order, end - 0.5);
    const before = place ? insns.end[order[place - 1]] : 0;
    const head = document.createElement("p");
    head.append(`Instruction ${insn} of ${this.tables.units[unit].name}: `,
                element("code", this.text(insn)));
    const times = element("p", `In its queue from cycle ` +
      `${insns.visible[insn].toLocaleString("en")} on, runs from ` +
      `${insns.start[insn].toLocaleString("en")} to ` +
      `${end.toLocaleString("en")}.` + this.tokenText(insn));
    const line = insns.line[insn];
    const from = line ? element("p", this.lineName(line)) : null;
    if (from) from.append(element("code", this.lines[line - 1].trim()));
    const causes = units[unit].causesBetween(before, end,
                                             this.tables.causes.length);
    return [head, from, times, this.causeTable(causes,
      `Cycles since the unit's previous instruction (${end - before})`)]
      .filter(Boolean);
  }
  lineName(line) {
    const stage = this.tables.stages[line], loops = this.loopsAround(line);
    return `Line ${line}${stage ? `, stage ${stage}` : ""}` +
      `${loops ? `, in the loops ${loops}` : ""}: `;
  }
  tokenText(insn) {
    return this.tokensOf(insn).map((token) => {
      const { name } = this.tables.tokens[token.queue];
      return token.to === insn ?
        ` Takes ${name} from instruction ${token.from}.` :
        ` Posts ${name} to instruction ${token.to}.`;
    }).join("");
  }
  lineDetails(line, made) {
    const { insns, units, order } = this.events;
    const head = element("p", `${this.lineName(line)}`);
    head.append(element("code", this.lines[line - 1].trim()));
    const count = element("p", `${made.length} instruction` +
      `${made.length === 1 ? " comes" : "s come"} from it.`);
    const sums = new Array(this.tables.causes.length).fill(0);
    let all = 0;
    for (const insn of made) {
      if (!this.ended(insn)) continue;
      const list = order[insns.unit[insn]];
      const place = firstInsn(insns, list, insns.end[insn] - 0.5);
      const before = place ? insns.end[list[place - 1]] : 0;
      units[insns.unit[insn]]
        .causesBetween(before, insns.end[insn], sums.length)
        .forEach((cycles, cause) => { sums[cause] += cycles; });
      all += insns.end[insn] - before;
    }
    return made.length ? [head, count, this.causeTable(sums,
      `Cycles of their units, waiting included (${all})`)] : [head, count];
  }
  causeTable(sums, title) {
    const table = document.createElement("table");
    const all = sums.reduce((a, b) => a + b, 0);
    table.append(element("caption", title));
    this.tables.causes.forEach((cause) => {
      if (sums[cause.id])
        table.append(tableRow(causeHead(cause, this.tables.groups),
                              cyclesCell(sums[cause.id], all)));
    });
    return table;
  }
}

addEventListener("DOMContentLoaded", () => {
  const tables = JSON.parse(byId("tables").textContent);
  const events = decodeEvents(byId("events").textContent, tables);
  byId("events").remove();
  document.documentElement.report = new Report(tables, events);
});
