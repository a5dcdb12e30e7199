// Elements and numbers. Text is only ever set as text, never parsed as HTML.

/** An element with attributes, listeners (`onclick`) and children (elements or text). */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return made;
}

/** An element of an SVG picture. */
function svgElement(name, attributes = {}, text = null) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== null) made.textContent = text;
  return made;
}

const byId = (id) => document.getElementById(id);

const number = (value, digits = 0) =>
  value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });

/** Microseconds as they are read best. */
function time(us) {
  if (us === null || us === undefined) return "–";
  if (us >= 1e6) return `${number(us / 1e6, 2)} s`;
  if (us >= 1e4) return `${number(us / 1e3, 1)} ms`;
  return `${number(us, us < 100 ? 2 : 1)} µs`;
}

/** A share as per cent; a very small one with the digits that tell it from nothing. */
function percent(share, digits = 0) {
  if (share === null || share === undefined) return "–";
  const small = share !== 0 && Math.abs(share) < 0.01;
  return `${small ? Number((100 * share).toPrecision(1)) : number(100 * share, digits)} %`;
}

/** How often a whole goes into a part that may be larger than it. */
const ratio = (share) => (share === null || share === undefined ? "–" : share >= 1 ? times(share) : percent(share));

function bytes(size) {
  for (const unit of ["B", "kB", "MB", "GB"]) {
    if (size < 1000 || unit === "GB") return `${number(size, size < 10 && unit !== "B" ? 1 : 0)} ${unit}`;
    size /= 1000;
  }
}

const times = (factor) => `${number(factor, factor < 10 ? 1 : 0)} ×`;
