// The roofline: what each op does per byte that it must move, and per second.

/** Operations and bytes of a decision, and the kernels' time of one run of it, in µs. */
function rooflinePoints(data) {
  const { decisions, launches, network } = data.document;
  const toMicroseconds = network.kernel_microseconds
    / Math.max(1e-9, launches.reduce((sum, launch) => sum + (launch.cycles ?? 0), 0));
  return decisions.map((decision, position) => {
    const own = launches.map((launch, index) => ({ launch, index })).filter(({ launch }) => launch.decision === position);
    const work = decision.work;
    if (!work || !work.operations || !own.length) return null;
    const runs = own.length / Math.max(1, decision.kernel.split(", ").length);
    const cycles = own.reduce((sum, { launch }) => sum + launch.cycles, 0);
    const microseconds = (cycles * toMicroseconds) / runs;
    return {
      decision,
      first: own[0].index,
      share: own.reduce((sum, { launch }) => sum + launch.share, 0),
      x: work.operations / Math.max(1, work.bytes_read + work.bytes_written),
      y: work.operations / microseconds / 1000, // operations per µs are mega a second
    };
  }).filter((point) => point && point.y > 0);
}

function drawRoofline(data, colouring, choose, chosen) {
  const width = 560, height = 440, left = 62, right = 14, top = 12, bottom = 44;
  const points = rooflinePoints(data);
  const holder = byId("roofline");
  if (!points.length) {
    holder.replaceChildren(element("p", { class: "hint" }, "No op of this network has arithmetic to plot."));
    return;
  }
  const { memory_gbs, l2_gbs, roofs } = data.document.roofline;
  const used = roofs.filter((roof) => points.some(({ decision: { work } }) => work.unit === roof.unit && work.dtype === roof.dtype));
  const xs = points.map((point) => point.x), ys = points.map((point) => point.y);
  const peaks = used.map((roof) => roof.gops);
  const xRange = [Math.min(0.1, ...xs) / 2, Math.max(...peaks.map((peak) => peak / memory_gbs), ...xs, 10) * 2];
  const yRange = [Math.min(...ys) / 2, Math.max(...peaks, ...ys) * 2];
  const scale = (range, low, high) => (value) =>
    low + ((Math.log10(value) - Math.log10(range[0])) / (Math.log10(range[1]) - Math.log10(range[0]))) * (high - low);
  const X = scale(xRange, left, width - right), Y = scale(yRange, height - bottom, top);
  const svg = svgElement("svg", { viewBox: `0 0 ${width} ${height}`, role: "group", "aria-labelledby": "roofline-title" });
  drawAxes(svg, { X, Y, xRange, yRange, left, top, right: width - right, bottom: height - bottom });
  const slope = (rate, name) => {
    const peak = Math.max(...peaks, ...ys);
    const start = Math.max(xRange[0], yRange[0] / rate), end = Math.min(xRange[1], peak / rate);
    if (end <= start) return;
    svg.append(svgElement("path", { class: "slope", d: `M${X(start)} ${Y(start * rate)}L${X(end)} ${Y(end * rate)}` }));
    const middle = Math.sqrt(start * Math.sqrt(start * end));
    const angle = (Math.atan2(Y(end * rate) - Y(start * rate), X(end) - X(start)) * 180) / Math.PI;
    const at = `translate(${X(middle)} ${Y(middle * rate) - 5}) rotate(${angle})`;
    svg.append(svgElement("text", { transform: at }, `${name} ${number(rate)} GB/s`));
  };
  slope(memory_gbs, "memory");
  if (l2_gbs) slope(l2_gbs, "L2");
  for (const roof of used) {
    const start = roof.gops / (l2_gbs ?? memory_gbs);
    svg.append(svgElement("path", { class: "roof", d: `M${X(Math.max(start, xRange[0]))} ${Y(roof.gops)}H${width - right}` }));
    svg.append(svgElement("text", { x: width - right, y: Y(roof.gops) - 4, "text-anchor": "end" },
      `${roof.unit} ${roof.dtype} ${number(roof.gops / 1000, 1)} TOPS`));
  }
  for (const point of [...points].sort((a, b) => b.share - a.share)) {
    svg.append(rooflinePoint(point, X, Y, colouring, data, choose, chosen));
  }
  holder.replaceChildren(svg, element("p", { class: "hint" },
    "A point is an op: its operations over the bytes it must move, and per second of its kernels. Larger: more of the network's time."));
}

function rooflinePoint(point, X, Y, colouring, data, choose, chosen) {
  const { decision, first } = point;
  const said = `${decision.kernel} ${decision.computes}: ${number(point.y)} GOPS at ${number(point.x, 2)} operations a byte, ${percent(decision.bound_share)} of its bound`;
  const circle = svgElement("circle", {
    cx: X(point.x), cy: Y(point.y), r: 4 + 14 * Math.sqrt(Math.min(1, point.share)), fill: colouring.colour(data.document.launches[first]),
    tabindex: 0, role: "button", "aria-label": said, "data-decision": data.document.decisions.indexOf(decision),
  });
  if (chosen !== null && data.document.launches[chosen].decision === data.document.decisions.indexOf(decision)) circle.classList.add("chosen");
  circle.append(svgElement("title", {}, said));
  circle.addEventListener("click", () => choose(first));
  circle.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      choose(first);
    }
  });
  return circle;
}

function drawAxes(svg, { X, Y, xRange, yRange, left, top, right, bottom }) {
  const powers = ([low, high]) => {
    const found = [];
    for (let power = Math.ceil(Math.log10(low)); power <= Math.floor(Math.log10(high)); power += 1) found.push(power);
    return found;
  };
  for (const power of powers(xRange)) {
    const x = X(10 ** power);
    svg.append(svgElement("path", { class: "grid", d: `M${x} ${top}V${bottom}` }));
    svg.append(svgElement("text", { x, y: bottom + 16, "text-anchor": "middle" }, power < 0 ? String(10 ** power) : number(10 ** power)));
  }
  for (const power of powers(yRange)) {
    const y = Y(10 ** power);
    svg.append(svgElement("path", { class: "grid", d: `M${left} ${y}H${right}` }));
    svg.append(svgElement("text", { x: left - 6, y: y + 4, "text-anchor": "end" }, power < 0 ? String(10 ** power) : number(10 ** power)));
  }
  svg.append(svgElement("path", { class: "axis", fill: "none", d: `M${left} ${top}V${bottom}H${right}` }));
  svg.append(svgElement("text", { x: (left + right) / 2, y: bottom + 34, "text-anchor": "middle" }, "operations per byte"));
  const middle = (top + bottom) / 2;
  svg.append(svgElement("text", { transform: `translate(12 ${middle}) rotate(-90)`, "text-anchor": "middle" }, "giga-operations per second"));
}
