// The map of tiles over cores: a square for each tile, coloured by the block that computes it.

const MOST_SQUARES = 6000;

function tileMap(body) {
  const on = `${body.blocks} of ${body.cores} ${body.core} cores`;
  if (!body.tiles) return element("p", {}, `No loop is distributed: ${on} run the body.`);
  const { loops, tiles, blocks } = body.tiles;
  const nest = loops.map((loop) => `${loop.variable} in ${loop.start}..${loop.stop} step ${loop.step}`).join(", ");
  const most = Math.ceil(tiles / blocks), least = Math.floor(tiles / blocks);
  const each = most === least ? `${most} each` : `${least} or ${most} each`;
  const busy = percent(tiles / (most * body.cores));
  const said = `${number(tiles)} tiles on ${on}, ${each}: cores have ${busy} of the tiles that they could have in the same time.`;
  const trips = loops.map((loop) => Math.ceil((loop.stop - loop.start) / loop.step));
  return element("div", {}, element("p", {}, `across ${nest}`), element("p", { class: "hint" }, said),
    tiles > MOST_SQUARES ? element("p", { class: "hint" }, "Too many tiles to draw: tile t is of block t mod the number of blocks.")
      : tilePicture(loops, trips, tiles, blocks));
}

function tilePicture(loops, trips, tiles, blocks) {
  const columns = trips.length > 1 ? trips[trips.length - 1] : Math.min(tiles, Math.max(16, Math.ceil(Math.sqrt(tiles * 3))));
  const rows = Math.ceil(tiles / columns);
  const side = Math.max(3, Math.min(20, Math.floor(620 / columns), Math.floor(260 / rows)));
  const svg = svgElement("svg", { width: columns * side + 1, height: rows * side + 1, role: "img" });
  svg.append(svgElement("title", {}, `${rows} rows of ${columns} tiles, coloured by block`));
  for (let tile = 0; tile < tiles; tile += 1) {
    const block = tile % blocks;
    const square = svgElement("rect", {
      x: (tile % columns) * side + 0.5, y: Math.floor(tile / columns) * side + 0.5, width: side - 1, height: side - 1,
      fill: `hsl(${(block * 360) / blocks} 55% ${block % 2 ? 62 : 48}%)`,
    });
    square.append(svgElement("title", {}, `${positions(loops, trips, tile)}: block ${block}`));
    svg.append(square);
    if (side >= 16 && blocks < 100) {
      svg.append(svgElement("text", { x: (tile % columns) * side + side / 2, y: Math.floor(tile / columns) * side + side / 2 + 3.5, "text-anchor": "middle", style: "font-size:9px;fill:#fff" }, String(block)));
    }
  }
  const holder = element("div", { style: "overflow:auto" });
  holder.append(svg);
  return holder;
}

/** `i0 = 32, i1 = 64` for the number of a tile: the last loop is the innermost. */
function positions(loops, trips, tile) {
  const found = [];
  for (let at = loops.length - 1; at >= 0; at -= 1) {
    found.unshift(`${loops[at].variable} = ${loops[at].start + (tile % trips[at]) * loops[at].step}`);
    tile = Math.floor(tile / trips[at]);
  }
  return found.join(", ");
}
