// The graph of launches on a canvas: only what is in view is drawn, and less of it from afar.

const BOX = { width: 168, height: 46, across: 190, down: 70 };
const LABELS_FROM = 0.35; // scale from which boxes have a name
const DETAILS_FROM = 0.7; // and a second line

class Graph {
  constructor(canvas, data, choose) {
    this.canvas = canvas;
    this.launches = data.document.launches;
    this.boxes = data.places.map((place) => ({ x: place.x * BOX.across, y: place.y * BOX.down }));
    this.edges = this.launches.flatMap((launch, to) => launch.reads.map((from) => [from, to]));
    this.choose = choose;
    this.chosen = null;
    this.view = { x: 0, y: 0, scale: 1 };
    this.drawn = { frames: 0, boxes: 0, labels: 0, edges: 0, milliseconds: 0 };
    this.pending = false;
    this.listen();
    new ResizeObserver(() => this.fit()).observe(canvas);
  }

  get size() {
    return { width: this.canvas.clientWidth, height: this.canvas.clientHeight };
  }

  /** Shows all boxes; few of them no larger than they are read well. */
  fit() {
    const { width, height } = this.size;
    const right = Math.max(BOX.width, ...this.boxes.map((box) => box.x + BOX.width));
    const bottom = Math.max(BOX.height, ...this.boxes.map((box) => box.y + BOX.height));
    const scale = Math.min(1.3, (width - 32) / right, (height - 32) / bottom);
    this.view = { scale, x: (width - right * scale) / 2, y: (height - bottom * scale) / 2 };
    this.request();
  }

  zoom(factor, x = this.size.width / 2, y = this.size.height / 2) {
    const scale = Math.min(4, Math.max(0.02, this.view.scale * factor));
    const by = scale / this.view.scale;
    this.view = { scale, x: x - (x - this.view.x) * by, y: y - (y - this.view.y) * by };
    this.request();
  }

  move(x, y) {
    this.view.x += x;
    this.view.y += y;
    this.request();
  }

  /** Brings a box into view; from afar also near enough to be read, if it was chosen by key. */
  show(number) {
    const box = this.boxes[number];
    const { width, height } = this.size;
    const x = box.x * this.view.scale + this.view.x, y = box.y * this.view.scale + this.view.y;
    const w = BOX.width * this.view.scale, h = BOX.height * this.view.scale;
    if (x < 8 || y < 8 || x + w > width - 8 || y + h > height - 8) {
      this.view.x += width / 2 - x - w / 2;
      this.view.y += height / 2 - y - h / 2;
    }
    this.request();
  }

  at(x, y) {
    const { scale } = this.view;
    const px = (x - this.view.x) / scale, py = (y - this.view.y) / scale;
    return this.boxes.findIndex(
      (box) => px >= box.x && py >= box.y && px <= box.x + BOX.width && py <= box.y + BOX.height,
    );
  }

  listen() {
    const canvas = this.canvas;
    let last = null, moved = 0;
    const place = (event) => {
      const box = canvas.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    canvas.addEventListener("pointerdown", (event) => {
      last = [event.clientX, event.clientY];
      moved = 0;
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!last) {
        const found = this.at(...place(event));
        canvas.title = found < 0 ? "" : this.title(this.launches[found]);
        return;
      }
      const [x, y] = [event.clientX - last[0], event.clientY - last[1]];
      moved += Math.abs(x) + Math.abs(y);
      last = [event.clientX, event.clientY];
      if (moved > 3) canvas.classList.add("dragging");
      this.move(x, y);
    });
    canvas.addEventListener("pointerup", (event) => {
      canvas.classList.remove("dragging");
      const found = moved > 3 ? -1 : this.at(...place(event));
      last = null;
      if (found >= 0) this.choose(found);
    });
    canvas.addEventListener("pointercancel", () => { last = null; });
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoom(Math.exp(-event.deltaY * 0.0015), ...place(event));
    }, { passive: false });
    canvas.addEventListener("keydown", (event) => {
      const act = {
        "+": () => this.zoom(1.25), "=": () => this.zoom(1.25), "-": () => this.zoom(0.8), "0": () => this.fit(),
        ArrowRight: () => this.step(1), ArrowDown: () => this.step(1),
        ArrowLeft: () => this.step(-1), ArrowUp: () => this.step(-1),
        Home: () => this.choose(0), End: () => this.choose(this.launches.length - 1),
        Enter: () => byId("detail").focus(),
      }[event.key];
      if (act && !event.ctrlKey && !event.metaKey) {
        event.preventDefault();
        act();
      }
    });
  }

  step(by) {
    const last = this.launches.length - 1;
    this.choose(this.chosen === null ? 0 : Math.min(last, Math.max(0, this.chosen + by)));
  }

  title(launch) {
    return `${launch.name}: ${time(launch.microseconds)}, ${this.colouring.value(launch)}`;
  }

  /** Draws once before the next frame, however often it is asked for. */
  request() {
    if (this.pending) return;
    this.pending = true;
    requestAnimationFrame(() => {
      this.pending = false;
      this.draw();
    });
  }

  draw() {
    const begun = performance.now();
    const ratio = window.devicePixelRatio || 1;
    const { width, height } = this.size;
    if (this.canvas.width !== Math.round(width * ratio) || this.canvas.height !== Math.round(height * ratio)) {
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(height * ratio);
    }
    const pen = this.canvas.getContext("2d");
    const { x, y, scale } = this.view;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    pen.setTransform(ratio * scale, 0, 0, ratio * scale, ratio * x, ratio * y);
    const view = { left: -x / scale, top: -y / scale, right: (width - x) / scale, bottom: (height - y) / scale };
    const edges = this.drawEdges(pen, view, scale);
    const [boxes, labels] = this.drawBoxes(pen, view, scale);
    this.drawn = { frames: this.drawn.frames + 1, boxes, labels, edges, milliseconds: performance.now() - begun };
  }

  drawEdges(pen, view, scale) {
    const style = getComputedStyle(document.documentElement);
    const plain = style.getPropertyValue("--edge"), marked = style.getPropertyValue("--accent");
    const inView = (from, to) => {
      const a = this.boxes[from], b = this.boxes[to];
      return Math.max(a.x, b.x) + BOX.width >= view.left && Math.min(a.x, b.x) <= view.right
        && Math.max(a.y, b.y) + BOX.height >= view.top && Math.min(a.y, b.y) <= view.bottom;
    };
    const stroke = (edges, colour, width) => {
      pen.strokeStyle = colour;
      pen.lineWidth = width / Math.max(scale, 0.5);
      pen.beginPath();
      for (const [from, to] of edges) this.path(pen, this.boxes[from], this.boxes[to], scale);
      pen.stroke();
    };
    const shown = this.edges.filter(([from, to]) => inView(from, to));
    const chosen = ([from, to]) => from === this.chosen || to === this.chosen;
    stroke(shown.filter((edge) => !chosen(edge)), plain, 1);
    stroke(shown.filter(chosen), marked, 2.2);
    return shown.length;
  }

  /** From the lower side of a box to the upper one of another; into another column sideways. */
  path(pen, a, b, scale) {
    const sideways = b.y <= a.y;
    const [x0, y0] = sideways ? [a.x + BOX.width, a.y + BOX.height / 2] : [a.x + BOX.width / 2, a.y + BOX.height];
    const [x1, y1] = sideways ? [b.x, b.y + BOX.height / 2] : [b.x + BOX.width / 2, b.y];
    pen.moveTo(x0, y0);
    if (scale < 0.15) {
      pen.lineTo(x1, y1);
      return;
    }
    const bend = Math.max(24, Math.abs(sideways ? x1 - x0 : y1 - y0) / 2);
    if (sideways) pen.bezierCurveTo(x0 + bend, y0, x1 - bend, y1, x1, y1);
    else pen.bezierCurveTo(x0, y0 + bend, x1, y1 - bend, x1, y1);
    if (scale < LABELS_FROM) return;
    const [back, wide] = sideways ? [[-7, 0], [0, 4]] : [[0, -7], [4, 0]];
    pen.moveTo(x1 + back[0] - wide[0], y1 + back[1] - wide[1]);
    pen.lineTo(x1, y1);
    pen.lineTo(x1 + back[0] + wide[0], y1 + back[1] + wide[1]);
  }

  drawBoxes(pen, view, scale) {
    const style = getComputedStyle(document.documentElement);
    const ink = style.getPropertyValue("--ink"), line = style.getPropertyValue("--edge");
    let boxes = 0, labels = 0;
    pen.textBaseline = "middle";
    this.boxes.forEach((box, number) => {
      if (box.x > view.right || box.y > view.bottom || box.x + BOX.width < view.left || box.y + BOX.height < view.top) return;
      const launch = this.launches[number];
      const colour = this.colouring.colour(launch);
      boxes += 1;
      pen.fillStyle = colour;
      pen.strokeStyle = number === this.chosen ? ink : line;
      pen.lineWidth = number === this.chosen ? 3 / Math.min(scale, 1) : 1;
      pen.beginPath();
      if (scale < LABELS_FROM) pen.rect(box.x, box.y, BOX.width, BOX.height);
      else pen.roundRect(box.x, box.y, BOX.width, BOX.height, 6);
      pen.fill();
      pen.stroke();
      if (scale < LABELS_FROM) return;
      labels += 1;
      pen.fillStyle = inkOn(colour);
      const details = scale >= DETAILS_FROM;
      pen.font = `600 ${details ? 13 : 22}px system-ui, "DejaVu Sans", sans-serif`;
      pen.fillText(clipped(pen, (launch.joins ? "↳ " : "") + launch.name), box.x + 9, box.y + (details ? 16 : BOX.height / 2), BOX.width - 18);
      if (!details) return;
      pen.font = '11px system-ui, "DejaVu Sans", sans-serif';
      const second = launch.kernel === null ? "on the host" : `${time(launch.microseconds)} · ${this.short(launch)}`;
      pen.fillText(clipped(pen, second), box.x + 9, box.y + 33, BOX.width - 18);
    });
    return [boxes, labels];
  }

  short(launch) {
    return this.colouring.value(launch).replace("the network's bound", "the bound");
  }
}

function clipped(pen, text) {
  if (pen.measureText(text).width <= BOX.width - 18) return text;
  let length = text.length;
  while (length > 1 && pen.measureText(`${text.slice(0, length)}…`).width > BOX.width - 18) length -= 1;
  return `${text.slice(0, length)}…`;
}
