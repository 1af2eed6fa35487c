/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of many lines, of which only those in sight are elements, and the
 * table of cycles. */

const ROW = 18; /* pixels, as the style sheet has it */
const MOST_PIXELS = 1.6e7; /* that browsers scroll exactly */

class List {
  /* `text(i)` is row i; `choose(i)` is told of a choice. */
  constructor(element, count, text, choose) {
    this.element = element;
    this.count = count;
    this.text = text;
    this.choose = choose;
    this.current = -1;
    this.marked = new Set();
    this.rows = document.createElement("div");
    this.rows.className = "rows";
    /* Beyond that a pixel of scrolling is more than a pixel of rows. */
    this.stretch = Math.max(1, (count * ROW) / MOST_PIXELS);
    this.rows.style.height = `${(count * ROW) / this.stretch}px`;
    element.replaceChildren(this.rows);
    element.addEventListener("scroll", () => this.draw());
    element.addEventListener("keydown", (event) => this.key(event));
    this.rows.addEventListener("click", (event) => {
      const row = event.target.closest(".row");
      if (row) this.choose(Number(row.dataset.index));
    });
    this.draw();
  }
  get first() {
    return Math.floor((this.element.scrollTop * this.stretch) / ROW);
  }
  get inSight() { return Math.ceil(this.element.clientHeight / ROW); }

  draw() {
    const first = Math.max(0, this.first - 2);
    const last = Math.min(this.count, first + this.inSight + 5);
    const offset = this.element.scrollTop -
      (this.element.scrollTop * this.stretch);
    const rows = [];
    for (let i = first; i < last; i++) {
      const row = document.createElement("div");
      row.className = this.marked.has(i) ? "row marked" : "row";
      row.id = `${this.element.id}-${i}`;
      row.dataset.index = i;
      row.style.top = `${i * ROW + offset}px`;
      row.setAttribute("role", "option");
      row.setAttribute("aria-setsize", this.count);
      row.setAttribute("aria-posinset", i + 1);
      row.setAttribute("aria-selected", i === this.current);
      row.textContent = this.text(i);
      rows.push(row);
    }
    this.rows.replaceChildren(...rows);
    if (this.current >= first && this.current < last)
      this.element.setAttribute("aria-activedescendant",
                                `${this.element.id}-${this.current}`);
    else this.element.removeAttribute("aria-activedescendant");
  }
  /* Makes row i the current one, in sight; -1 for none. */
  show(i) {
    this.current = i;
    const first = (this.element.scrollTop * this.stretch) / ROW;
    if (i >= 0 && (i < first || i > first + this.inSight - 2))
      this.element.scrollTop =
        ((i - this.inSight / 2) * ROW) / this.stretch;
    this.draw();
  }
  mark(rows) {
    this.marked = new Set(rows);
    this.draw();
  }
  key(event) {
    const page = Math.max(1, this.inSight - 2);
    const steps = { ArrowUp: -1, ArrowDown: 1, PageUp: -page, PageDown: page,
                    Home: -this.count, End: this.count };
    const by = steps[event.key];
    if (!by || !this.count) return;
    event.preventDefault();
    this.choose(Math.min(Math.max(this.current + by, 0), this.count - 1));
  }
}

/* ---- Tables ------------------------------------------------------------- */

function element(tag, text, attributes = {}) {
  const node = document.createElement(tag);
  if (text !== undefined) node.textContent = text;
  for (const [name, value] of Object.entries(attributes))
    node.setAttribute(name, value);
  return node;
}

function tableRow(...cells) {
  const row = document.createElement("tr");
  row.append(...cells);
  return row;
}

function cyclesCell(cycles, all) {
  const cell = element("td", cycles ? cycles.toLocaleString("en") : "–");
  const share = all && cycles ? `${((100 * cycles) / all).toFixed(1)} %` : "";
  cell.append(" ", element("span", share, { class: "share" }));
  return cell;
}

function causeHead(cause, groups) {
  const head = element("th", undefined,
                       { scope: "row", title: cause.meaning });
  head.append(swatch(groups[cause.group]), cause.name);
  return head;
}

/* Cycles of every unit by cause; each column adds up to the run. */
function fillStalls(table, tables) {
  const { units, causes, groups, cycles } = tables;
  const head = tableRow(element("th", "cause", { scope: "col" }),
    ...units.map(({ name }) => element("th", name, { scope: "col" })));
  const rows = causes.map((cause) => {
    const row = tableRow(causeHead(cause, groups), ...units.map((unit) =>
      cyclesCell(unit.causes[cause.id], cycles)));
    if (units.every((unit) => !unit.causes[cause.id])) row.className = "zero";
    return row;
  });
  rows.push(tableRow(element("th", "sum", { scope: "row" }),
    ...units.map((unit) =>
      cyclesCell(unit.causes.reduce((a, b) => a + b, 0), cycles))));
  const top = document.createElement("thead");
  const body = document.createElement("tbody");
  top.append(head);
  body.append(...rows);
  table.replaceChildren(top, body);
}
