// Tables that sort by a click on a heading.

/**
 * A table; a column has a name, a value to sort by, and a cell (an element or text).
 * Rows that `wanted` refuses are hidden.
 */
class SortedTable {
  constructor(holder, caption, columns, rows, { sortBy = null, descending = true, mark = null } = {}) {
    this.columns = columns;
    this.rows = rows.map((row) => ({ row, line: null }));
    this.sortBy = sortBy;
    this.descending = descending;
    this.head = element("tr");
    this.body = element("tbody");
    for (const found of this.rows) {
      found.line = element("tr", {}, columns.map((column) => element("td", { class: column.number ? "number" : column.class }, column.cell(found.row))));
      if (mark) mark(found.line, found.row);
    }
    holder.replaceChildren(element("table", {}, element("caption", { class: "visually-hidden" }, caption), element("thead", {}, this.head), this.body));
    this.show();
  }

  show() {
    this.head.replaceChildren(...this.columns.map((column) => {
      const sorted = column.name === this.sortBy;
      const button = element("button", { type: "button", onclick: () => this.sort(column.name) }, column.name);
      const order = sorted ? (this.descending ? "descending" : "ascending") : "none";
      return element("th", { scope: "col", class: column.number && "number", "aria-sort": order }, column.value ? button : column.name);
    }));
    const column = this.columns.find((each) => each.name === this.sortBy);
    const sorted = [...this.rows];
    if (column) {
      const sign = this.descending ? -1 : 1;
      sorted.sort((a, b) => {
        const [x, y] = [column.value(a.row), column.value(b.row)];
        if (x === y) return 0;
        if (x === null || x === undefined) return 1;
        if (y === null || y === undefined) return -1;
        return (x < y ? -1 : 1) * sign;
      });
    }
    this.body.replaceChildren(...sorted.map((found) => found.line));
  }

  sort(name) {
    this.descending = name === this.sortBy ? !this.descending : this.columns.find((each) => each.name === name).number === true;
    this.sortBy = name;
    this.show();
  }

  filter(wanted) {
    for (const { row, line } of this.rows) line.hidden = !wanted(row);
  }
}

/** A bar of what a pipe does: works, waits, does neither. */
function pipeBar(works, waits) {
  const track = element("div", { class: "track" },
    element("div", { class: "works", style: `width:${100 * works}%` }),
    element("div", { class: "waits", style: `width:${100 * Math.min(waits, 1 - works)}%` }));
  const said = waits >= 0.005 ? `${percent(works)}, waits ${percent(waits)}` : percent(works);
  return element("div", { class: "pipe" }, track, element("small", {}, said));
}

function kernelTable(data, choose) {
  const { kernels, launches, decisions } = data.document;
  const pipesOf = (kernel) => (launches[kernel.launches[0]]?.bodies ?? []).flatMap((body) => body.pipes);
  const names = [...new Set(kernels.flatMap((kernel) => pipesOf(kernel).map((pipe) => pipe.pipe)))];
  const total = (kernel) => kernel.launches.reduce((sum, index) => sum + launches[index].microseconds, 0);
  const share = (kernel) => kernel.launches.reduce((sum, index) => sum + launches[index].share, 0);
  const decision = (kernel) => decisions[kernel.decision];
  const columns = [
    { name: "kernel", value: (k) => k.symbol, cell: (k) => element("button", { type: "button", class: "link", onclick: () => choose(k.launches[0], true) }, `@${k.symbol}`) },
    { name: "computes", value: (k) => decision(k)?.computes ?? "", cell: (k) => decision(k)?.computes ?? "–" },
    { name: "launches", number: true, value: (k) => k.launches.length, cell: (k) => number(k.launches.length) },
    { name: "time", number: true, value: total, cell: (k) => time(total(k)) },
    { name: "share", number: true, value: share, cell: (k) => percent(share(k), 1) },
    { name: "of its bound", number: true, value: (k) => decision(k)?.bound_share, cell: (k) => percent(decision(k)?.bound_share) },
    { name: "trust", value: (k) => decision(k)?.trust ?? "", cell: (k) => decision(k)?.trust ?? "–" },
    ...names.map((name) => ({
      name,
      value: (k) => pipesOf(k).find((pipe) => pipe.pipe === name)?.works ?? 0,
      cell: (k) => {
        const pipe = pipesOf(k).find((each) => each.pipe === name);
        return pipe ? pipeBar(pipe.works, pipe.waits) : "";
      },
    })),
  ];
  const launched = kernels.filter((kernel) => kernel.launches.length);
  return new SortedTable(byId("kernels"), "Kernels with the work of their pipes", columns, launched, { sortBy: "time" });
}

function launchTable(data, choose, lines) {
  const { launches, decisions } = data.document;
  const rows = launches.map((launch, index) => ({ launch, index, decision: decisions[launch.decision] }));
  const columns = [
    { name: "#", number: true, value: (r) => r.index, cell: (r) => String(r.index) },
    { name: "launch", value: (r) => r.launch.name, cell: (r) => element("button", { type: "button", class: "link", onclick: () => choose(r.index, true) }, r.launch.kernel === null ? r.launch.name : `${r.launch.joins ? "↳ " : ""}@${r.launch.name}`) },
    { name: "time", number: true, value: (r) => r.launch.microseconds, cell: (r) => time(r.launch.microseconds) },
    { name: "share", number: true, value: (r) => r.launch.share, cell: (r) => percent(r.launch.share, 1) },
    { name: "of the network's bound", number: true, value: (r) => r.launch.of_network_bound, cell: (r) => ratio(r.launch.of_network_bound) },
    { name: "of its own bound", number: true, value: (r) => r.decision?.bound_share, cell: (r) => percent(r.decision?.bound_share) },
    { name: "bottleneck", value: (r) => r.launch.bottleneck, cell: (r) => r.launch.bottleneck ?? "–" },
    { name: "L2 hits", number: true, value: (r) => r.launch.l2_hit_rate, cell: (r) => percent(r.launch.l2_hit_rate) },
    { name: "decided by", value: (r) => r.decision?.source, cell: (r) => r.decision?.source ?? "–" },
    { name: "trust", value: (r) => r.decision?.trust, cell: (r) => r.decision?.trust ?? "–" },
    { name: "model source", value: (r) => r.launch.source, cell: (r) => r.launch.source || "–" },
  ];
  const mark = (line, row) => { lines[row.index] = line; };
  return new SortedTable(byId("launches"), "All launches in order", columns, rows, { sortBy: "#", descending: false, mark });
}

function signed(microseconds) {
  return `${microseconds > 0 ? "+" : "−"}${time(Math.abs(microseconds))}`;
}

function changed(microseconds) {
  if (Math.abs(microseconds) < 0.005) return "the same";
  return element("span", { class: microseconds < 0 ? "better" : "worse" }, signed(microseconds));
}

function comparisonTable(data, choose) {
  const { ops } = data.comparison;
  const side = (which) => [
    { name: `${which}: time`, number: true, value: (op) => op[which]?.microseconds, cell: (op) => (op[which] ? time(op[which].microseconds) : "–") },
    { name: `${which}: launches`, number: true, value: (op) => op[which]?.launches.length, cell: (op) => (op[which] ? number(op[which].launches.length) : "–") },
    { name: `${which}: by`, value: (op) => op[which]?.source, cell: (op) => op[which]?.source ?? "–" },
    { name: `${which}: schedule`, value: (op) => op[which]?.schedule, cell: (op) => op[which]?.schedule || "–" },
  ];
  const named = (op) => (op.here ?? op.there).kernels.map((name) => `@${name}`).join(", ") || "host";
  const columns = [
    { name: "kernels", value: named, cell: (op) => (op.here?.launches.length ? element("button", { type: "button", class: "link", onclick: () => choose(op.here.launches[0], true) }, named(op)) : named(op)) },
    { name: "computes", value: (op) => op.computes, cell: (op) => op.computes },
    { name: "change", number: true, value: (op) => op.change, cell: (op) => (op.here && op.there ? changed(op.change) : op.here ? "only here" : "only there") },
    ...side("here"), ...side("there"),
  ];
  byId("comparison-section").hidden = false;
  return new SortedTable(byId("comparison"), "Ops of both compiles, the largest change first", columns, ops);
}
