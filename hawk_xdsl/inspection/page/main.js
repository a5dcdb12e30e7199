// Brings the parts together.

const data = JSON.parse(byId("data").textContent);
const { network, launches } = data.document;
const ways = colourings(data);
const lines = [];
let colouring = ways[0];
let chosen = null;

function figures() {
  const other = data.comparison?.there;
  const compared = (key, show) => (other && other[key] !== null && other[key] !== undefined ? `there ${show(other[key])}` : null);
  const shown = [
    ["time", time(network.microseconds), compared("microseconds", time)],
    ["launches", number(network.launches), compared("launches", number) ?? `${time(network.launch_microseconds)} to launch them`],
    ["kernels", time(network.kernel_microseconds), compared("kernel_microseconds", time)],
    ["bound", time(network.bound_microseconds), network.bound_microseconds ? `${times(network.microseconds / network.bound_microseconds)} of it, by ${network.limited_by}` : "not known"],
    ["between launches", bytes(network.bytes_between), compared("bytes_between", bytes)],
    ["L2 hits", percent(network.hit_rate), compared("hit_rate", percent)],
    ["on the host", number(network.on_host), network.on_host ? "ops without a kernel" : "every op has a kernel"],
  ];
  byId("figures").replaceChildren(...shown.map(([name, value, more]) => element("div", {}, element("dt", {}, name), element("dd", {}, value, more ? element("small", {}, more) : null))));
  if (!network.values_ran) {
    byId("figures").append(element("div", {}, element("dt", {}, "note"), element("dd", {}, element("small", {}, "no run was recorded: launches were timed by their first block"))));
  }
}

function stages() {
  const found = Object.entries(network.stage_seconds);
  byId("stages-section").hidden = !found.length;
  const most = Math.max(...found.map(([, seconds]) => seconds), 1e-9);
  byId("stages").replaceChildren(element("table", {}, element("caption", { class: "visually-hidden" }, "Seconds by stage"), element("tbody", {}, found.map(([name, seconds]) => element("tr", {},
    element("th", { scope: "row" }, name), element("td", { class: "number" }, `${number(seconds, 1)} s`),
    element("td", { style: "width:60%" }, element("div", { class: "pipe" }, element("div", { class: "track" }, element("div", { class: "works", style: `width:${(100 * seconds) / most}%` })))))))));
}

/** Shows a launch everywhere; `scroll` also brings its details into view. */
function choose(index, scroll = false) {
  if (!launches.length) return;
  if (chosen !== null) lines[chosen].classList.remove("chosen");
  chosen = graph.chosen = index;
  lines[index].classList.add("chosen");
  graph.show(index);
  showDetail(data, index);
  const decision = String(launches[index].decision);
  for (const circle of document.querySelectorAll("#roofline circle")) circle.classList.toggle("chosen", circle.dataset.decision === decision);
  byId("said").textContent = `Launch ${index} of ${launches.length}, ${graph.title(launches[index])}`;
  if (scroll) {
    byId("detail").scrollIntoView({ block: "start" });
    byId("detail").focus({ preventScroll: true });
  }
}

function recolour(position) {
  colouring = graph.colouring = ways[position];
  byId("legend").replaceChildren(...colouring.legend().filter(Boolean));
  drawRoofline(data, colouring, (index) => choose(index), chosen);
  graph.request();
}

function theme(name) {
  document.documentElement.dataset.theme = name;
  byId("theme").textContent = name === "dark" ? "Light" : "Dark";
  byId("theme").setAttribute("aria-label", `Show in ${name === "dark" ? "light" : "dark"} colours`);
  graph.request();
}

const graph = new Graph(byId("graph"), data, (index) => choose(index));
graph.colouring = colouring;
figures();
stages();
kernelTable(data, choose);
const table = launchTable(data, choose, lines);
if (data.comparison) comparisonTable(data, choose);
byId("colour").append(...ways.map((way, position) => element("option", { value: position }, way.name)));
byId("colour").addEventListener("change", (event) => recolour(Number(event.target.value)));
byId("zoom-in").addEventListener("click", () => graph.zoom(1.25));
byId("zoom-out").addEventListener("click", () => graph.zoom(0.8));
byId("fit").addEventListener("click", () => graph.fit());
byId("theme").addEventListener("click", () => theme(document.documentElement.dataset.theme === "dark" ? "light" : "dark"));
byId("find").addEventListener("input", (event) => {
  const word = event.target.value.toLowerCase();
  table.filter(({ launch, decision }) => [launch.name, launch.source, launch.bottleneck, decision?.source, decision?.trust, decision?.computes]
    .some((text) => (text ?? "").toLowerCase().includes(word)));
});
theme(window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
recolour(0);
if (launches.length) choose(launches.reduce((best, launch, index) => ((launch.microseconds ?? 0) > (launches[best].microseconds ?? 0) ? index : best), 0));
window.hawkReport = { graph, choose };
