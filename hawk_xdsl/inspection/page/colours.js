// What the boxes of the graph and the points of the roofline are coloured by.

/** From little to much; light to dark, so that it is read without telling hues apart, too. */
const RAMP = [
  [254, 232, 178], [254, 208, 122], [253, 164, 75], [226, 90, 34], [150, 24, 36],
];
const HOST = "#9aa3ad";
const KINDS = ["#3b78c2", "#e08a1e", "#2f9e74", "#b04a9f", "#7a6ad8", "#8a8f3c", "#c8504b", "#4aa3b5"];
const CHANGE = { better: [26, 127, 75], same: [225, 229, 234], worse: [179, 38, 30] };

const css = (rgb) => `rgb(${rgb.map(Math.round).join(",")})`;

function between(low, high, share) {
  return low.map((value, index) => value + (high[index] - value) * share);
}

function ramp(share) {
  const place = Math.min(1, Math.max(0, share)) * (RAMP.length - 1);
  const step = Math.min(RAMP.length - 2, Math.floor(place));
  return css(between(RAMP[step], RAMP[step + 1], place - step));
}

/** Black or white, whichever is read better on a colour. */
function inkOn(colour) {
  const parts = colour.startsWith("#")
    ? [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16))
    : colour.match(/[\d.]+/g).map(Number);
  return 0.299 * parts[0] + 0.587 * parts[1] + 0.114 * parts[2] > 140 ? "#10151b" : "#ffffff";
}

/** The ways to colour launches: each has a name, a colour for a launch, and a legend. */
function colourings(data) {
  const { launches, decisions, network } = data.document;
  // Times differ by powers of ten: the scale is logarithmic, so that a slow launch hides no other.
  const scaled = (name, of, show) => {
    const values = launches.map(of).filter((value) => value > 0);
    const [least, most] = values.length ? [Math.min(...values), Math.max(...values)] : [1, 1];
    const place = (value) => (most > least ? Math.log(value / least) / Math.log(most / least) : 1);
    return {
      name,
      colour: (launch) => (of(launch) > 0 ? ramp(place(of(launch))) : HOST),
      value: (launch) => show(of(launch)),
      legend: () => [rampLegend(show(least), show(most)), hostLegend(launches)],
    };
  };
  const kinds = (name, of) => {
    const known = [...new Set(launches.filter((each) => each.kernel !== null).map(of))].sort();
    const colour = (kind) => KINDS[known.indexOf(kind) % KINDS.length];
    return {
      name,
      colour: (launch) => (launch.kernel === null ? HOST : colour(of(launch))),
      value: (launch) => of(launch) ?? "–",
      legend: () => [...known.map((kind) => entry(colour(kind), kind)), hostLegend(launches)],
    };
  };
  const decision = (launch) => decisions[launch.decision];
  const found = [];
  if (network.bound_microseconds) {
    found.push(scaled("share of the network's bound", (l) => l.of_network_bound,
      (share) => `${ratio(share)}${share >= 1 ? "" : " of"} the network's bound`));
  }
  found.push(scaled("share of the time", (l) => l.share, (share) => `${percent(share, 1)} of the time`));
  found.push(scaled("time against its own bound", (l) => (decision(l)?.bound_share ? 1 / decision(l).bound_share : null),
    (factor) => (factor === null ? "–" : `${times(factor)} its own bound`)));
  found.push(kinds("bottleneck", (l) => l.bottleneck ?? "–"));
  found.push(kinds("kind of core", (l) => l.bodies.map((body) => body.core).join(" and ")));
  found.push(kinds("decided by", (l) => decision(l)?.source ?? "–"));
  found.push(kinds("trust", (l) => decision(l)?.trust ?? "–"));
  if (data.comparison) found.unshift(changeColouring(data, launches));
  return found;
}

function changeColouring(data, launches) {
  const change = new Map();
  for (const op of data.comparison.ops) {
    if (!op.here) continue;
    for (const launch of op.here.launches) {
      change.set(launch, op.there ? op.change / Math.max(op.here.microseconds, op.there.microseconds, 1e-9) : null);
    }
  }
  const colour = (share) => {
    if (share === null || share === undefined) return "#d9b93b";
    const end = share < 0 ? CHANGE.better : CHANGE.worse;
    return css(between(CHANGE.same, end, Math.min(1, Math.abs(share) * 2)));
  };
  return {
    name: "change against the other compile",
    colour: (launch) => (launch.kernel === null ? HOST : colour(change.get(launches.indexOf(launch)))),
    value: (launch) => {
      const share = change.get(launches.indexOf(launch));
      return share === null || share === undefined ? "not in the other" : `${share > 0 ? "+" : ""}${percent(share)}`;
    },
    legend: () => [
      entry(css(CHANGE.better), "faster here"), entry(css(CHANGE.same), "the same"),
      entry(css(CHANGE.worse), "slower here"), entry("#d9b93b", "not in the other"), hostLegend(launches),
    ],
  };
}

function entry(colour, text) {
  return element("span", {}, element("i", { style: `background:${colour}` }), text);
}

function rampLegend(low, high) {
  const stops = RAMP.map(css).join(",");
  return element("span", {}, low, " ",
    element("i", { class: "ramp", style: `background:linear-gradient(90deg,${stops});width:160px` }), " ", high);
}

function hostLegend(launches) {
  return launches.some((launch) => launch.kernel === null) ? entry(HOST, "on the host") : null;
}
