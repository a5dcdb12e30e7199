// Everything about the launch that is chosen.

function facts(pairs) {
  return element("dl", { class: "facts" }, pairs.filter(([, value]) => value !== null && value !== "").map(([name, value]) =>
    element("div", {}, element("dt", {}, name), element("dd", {}, value))));
}

function code(text) {
  const pre = element("pre", { tabindex: 0 });
  text.replace(/\n$/, "").split("\n").forEach((line, index) => {
    pre.append(element("span", { class: "n", "aria-hidden": "true" }, String(index + 1)), `${line}\n`);
  });
  return pre;
}

/** Kernel text with its blocks indented: it is kept without. */
function indented(text) {
  let depth = 0;
  return text.split("\n").map((line) => {
    if (line.trim() === "}") depth -= 1;
    const shown = "  ".repeat(Math.max(0, depth)) + line;
    if (line.trim().endsWith("{")) depth += 1;
    return shown;
  }).join("\n");
}

function showDetail(data, index) {
  const { launches, kernels, decisions } = data.document;
  const launch = launches[index];
  const kernel = launch.kernel === null ? null : kernels[launch.kernel];
  const decision = launch.decision === null ? null : decisions[launch.decision];
  const title = kernel ? `@${launch.name}` : launch.name;
  byId("detail").replaceChildren(
    element("h2", { id: "detail-title" }, `Launch ${index}: ${title}${decision ? ` – ${decision.computes}` : ""}`),
    ...(kernel ? launchDetail(data, index, launch, kernel, decision) : hostDetail(launch, decision)),
  );
}

function hostDetail(launch, decision) {
  return [
    element("p", {}, `This op stays on the host: ${decision?.reason || "it was marked so"}.`),
    ...(decision?.specification ? [element("h3", {}, "Specification"), code(decision.specification)] : []),
    ...(decision ? whySection(decision) : []),
  ];
}

function launchDetail(data, index, launch, kernel, decision) {
  return [
    launchFacts(data, launch, kernel, decision),
    ...(decision ? [element("h3", {}, "Specification"), code(decision.specification)] : []),
    element("div", { class: "beside" },
      element("div", {}, element("h3", {}, "Kernel text"), decision?.text ? code(indented(decision.text)) : element("p", {}, "Not recorded.")),
      element("div", {}, element("h3", {}, "Finished kernel, npu dialect"), code(kernel.ir))),
    ...(data.comparison ? otherSection(data, index) : []),
    ...(decision ? whySection(decision) : []),
    element("div", { class: "beside" },
      element("div", {}, element("h3", {}, "Pipes and traffic"), ...trafficSection(launch)),
      element("div", {}, element("h3", {}, "Tiles over cores"), ...kernel.bodies.map(tileMap))),
    element("h3", {}, "Vendor's tools"), vendorSection(kernel),
  ];
}

function launchFacts(data, launch, kernel, decision) {
  const reads = launch.reads.map((index) => `launch ${index}`).concat(launch.inputs).join(", ");
  return facts([
    ["time", `${time(launch.microseconds)} with its launch; ${number(launch.cycles)} cycles alone`],
    ["share of the network's time", percent(launch.share, 1)],
    ["of the network's bound", launch.of_network_bound === null ? null : ratio(launch.of_network_bound)],
    ["of its own bound", decision?.bound_share ? `${percent(decision.bound_share)} (limited by ${decision.limited_by})` : null],
    ["bottleneck", launch.bottleneck],
    ["decided by", decision ? [decision.source, decision.origin].filter(Boolean).join(": ") : null],
    ["believed because", decision ? proofStatus(decision) : null],
    ["lengths", decision?.lengths ? `${decision.lengths}; the figures are those of the longest` : null],
    ["schedule", kernel.schedule],
    ["reads", reads],
    ["stage of the launch before it", launch.joins ? { barrier: "behind a barrier of all cores", free: "each core goes on as soon as it is free" }[launch.joins] : null],
    ["launched", `${kernel.launches.length} ×`],
    ["model source", launch.source],
    ["stage", decision && decision.kernel.includes(", ") ? `${kernel.stage + 1} of ${decision.kernel.split(", ").length}` : null],
  ]);
}

function proofStatus(decision) {
  if (decision.proof_error !== null) {
    return `${decision.trust}; a wrong kernel would pass with probability ${decision.proof_error.toExponential(1)}`;
  }
  return `${decision.trust}: ${decision.unproved}`;
}

function trafficSection(launch) {
  const bars = launch.bodies.map((body) => element("table", {},
    element("caption", {}, `${body.core} core that is done last`),
    element("tbody", {}, body.pipes.map((pipe) => element("tr", {}, element("th", { scope: "row" }, pipe.pipe), element("td", { style: "width:80%" }, pipeBar(pipe.works, pipe.waits)))))));
  const moved = element("table", {}, element("tbody", {}, Object.entries(launch.bytes_moved).map(([path, size]) =>
    element("tr", {}, element("th", { scope: "row" }, path.replace("->", " → ")), element("td", { class: "number" }, bytes(size))))));
  const l2 = launch.l2_hit_rate === null ? [] : [element("p", { class: "hint" }, `L2 had ${percent(launch.l2_hit_rate)} of the loaded bytes.`)];
  const warnings = launch.warnings.map((warning) => element("li", {}, warning));
  return [...bars, moved, ...l2, ...(warnings.length ? [element("ul", {}, warnings)] : [])];
}

function vendorSection(kernel) {
  if (!kernel.vendor.length) return element("p", { class: "hint" }, "Not asked: hawk check-vendor asks them.");
  return element("table", {}, element("tbody", {}, kernel.vendor.map((step) => element("tr", {},
    element("th", { scope: "row" }, step.name), element("td", { class: step.passed ? "passed" : "failed" }, step.passed ? "passed" : "failed"), element("td", {}, step.said)))));
}

function whySection(decision) {
  const said = { kept: "kept in the store", search: "until the first right one", tuning: "to be faster" };
  const rows = decision.attempts_made.map((attempt, index) => element("tr", {},
    element("td", { class: "number" }, String(index + 1)),
    element("td", {}, attempt.writer, element("br"), element("small", {}, said[attempt.phase])),
    element("td", {}, attempt.schedule || attempt.about || "–"),
    element("td", { class: attempt.verdict }, attempt.verdict),
    element("td", { class: "number" }, attempt.cycles === null ? "–" : number(attempt.cycles)),
    element("td", { class: "number" }, `${number(attempt.seconds, 2)} s`),
    element("td", {}, attempt.message ? `${attempt.message}` : attempt.text === decision.text ? "chosen" : "slower"),
    element("td", {}, attempt.text ? element("details", {}, element("summary", {}, "text"), code(indented(attempt.text))) : "")));
  const headings = ["draft", "writer", "schedule", "verdict", "cycles", "seconds", "why", ""];
  const attempts = rows.length ? element("div", { class: "scroll" }, element("table", {},
    element("thead", {}, element("tr", {}, headings.map((name) => element("th", { scope: "col" }, name)))), element("tbody", {}, rows)))
    : element("p", { class: "hint" }, decision.reason || "Nothing was tried in this compile.");
  return [
    element("h3", {}, "Why this kernel"), attempts, ...timings(decision),
    element("p", {}, decision.entries.map((entry) => element("span", { class: "tag" }, entry))),
  ];
}

function timings(decision) {
  if (!decision.schedules_timed.length) return [];
  const rows = [...decision.schedules_timed].sort((a, b) => (a.cycles ?? Infinity) - (b.cycles ?? Infinity)).map((timing) => element("tr", {},
    element("td", {}, timing.schedule || "–"),
    element("td", { class: "number" }, timing.cycles === null ? (timing.reason ? "–" : `more than ${number(timing.limit)}`) : number(timing.cycles)),
    element("td", {}, timing.reason || (timing.schedule === decision.schedule ? "chosen" : ""))));
  return [element("details", {}, element("summary", {}, `${rows.length} schedules timed without values`),
    element("table", {}, element("thead", {}, element("tr", {}, ["schedule", "cycles", ""].map((name) => element("th", { scope: "col" }, name)))), element("tbody", {}, rows)))];
}

function otherSection(data, index) {
  const op = data.comparison.ops.find((each) => each.here?.launches.includes(index));
  if (!op?.there) return [element("h3", {}, "In the other compile"), element("p", {}, "No op there computes the same.")];
  const { there, change } = op;
  return [
    element("h3", {}, "In the other compile"),
    facts([["time of all its launches there", time(there.microseconds)], ["change here", changed(change)], ["decided by", there.source], ["schedule", there.schedule], ["believed because", there.trust]]),
    there.text ? element("details", {}, element("summary", {}, there.text === op.here.text ? "the same kernel text" : "another kernel text"), code(indented(there.text))) : null,
  ];
}
