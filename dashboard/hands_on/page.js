// The live part of the page: sliders and plane move one point, and everything that is drawn follows from it.

const WIDEST = 3.5, HIGHEST = 1, CONTOURS = [2, 5, 10, 30];
// Correlations of the inputs whose way is drawn: as different as can be, and nearly alike, as in the study mean_field.
const STARTS = [0, 0.9];
// Measured networks are near when σw and σb differ by no more than this.
const NEAR = 0.15;
const EXPLAINED = {
  "too big": "Signal or gradient explodes.", "too small": "Signal or gradient vanishes.",
  "just right": "Signal and gradient survive this depth.",
};

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".live"), part = (name) => root.querySelector(`[data-part="${name}"]`);
  const state = root.live ?? (root.live = { reported: "" });
  const changed = state.key !== data.key;
  if (changed) {
    state.at = networks(readMaps(data.maps), data.norm);
    state.plane = null;
  }
  Object.assign(state, { key: data.key, data });
  for (const [name, title] of Object.entries(data.titles)) part(`${name}_title`).textContent = title;
  // An address that somebody opened, or a step back; not the echo of what was reported from here.
  if (!state.point || (state.dragging !== true && JSON.stringify(data.point) !== state.reported)) state.point = { ...data.point };
  state.reported = JSON.stringify(data.point);

  const report = () => {
    const text = JSON.stringify(state.point);
    if (text === state.reported) return;
    state.reported = text;
    setStateValue("point", { ...state.point });
  };
  const draw = () => {
    state.waiting = false;
    drawPoint(state, part);
  };
  const move = (change) => {
    Object.assign(state.point, change);
    if (!state.waiting) requestAnimationFrame(draw);
    state.waiting = true;
  };
  listen(root, part, state, move, report);
  draw();
  if (!state.plane) setTimeout(() => { drawPlane(state, part); draw(); }, 0);
}

function listen(root, part, state, move, report) {
  for (const slider of root.querySelectorAll("input")) {
    slider.oninput = () => move({ [slider.name]: slider.name === "width" ? 2 ** Number(slider.value) : Number(slider.value) });
    slider.onchange = report;
  }
  const plane = part("plane");
  const drag = (event) => {
    const box = plane.getBoundingClientRect();
    const x = (event.clientX - box.left) / box.width * PLANE.width, y = (event.clientY - box.top) / box.height * PLANE.height;
    const share = (at, from, to) => Math.min(Math.max((at - from) / (to - from), 0), 1);
    const place = event.target.dataset?.sigma;
    if (place && event.type === "pointerdown") return move({ sigma_w: Number(place), sigma_b: 0 });
    move({
      sigma_w: Math.max(Number((WIDEST * share(x, PLANE.left, PLANE.width - PLANE.right)).toFixed(3)), 0.05),
      sigma_b: Number((HIGHEST * share(y, PLANE.height - PLANE.bottom, PLANE.top)).toFixed(3)),
    });
  };
  plane.onpointerdown = (event) => {
    state.dragging = true;
    plane.setPointerCapture(event.pointerId);
    drag(event);
  };
  plane.onpointermove = (event) => { if (state.dragging) drag(event); };
  plane.onpointerup = plane.onpointercancel = () => { state.dragging = false; report(); };
  part("places").onclick = (event) => {
    const place = event.target.closest("button")?.dataset.sigma;
    if (place) { move({ sigma_w: Number(place), sigma_b: 0 }); report(); }
  };
  for (const chart of root.querySelectorAll(".layers svg")) {
    chart.onpointermove = (event) => {
      const box = chart.getBoundingClientRect(), depth = state.point.depth;
      const x = (event.clientX - box.left) / box.width * SIZE.width;
      const layer = Math.round(1 + (x - SIZE.left) / (SIZE.width - SIZE.right - SIZE.left) * (Math.max(depth, 2) - 1));
      state.hover = Math.min(Math.max(layer, 1), depth);
      move({});
    };
    chart.onpointerleave = () => { state.hover = null; move({}); };
  }
}

function drawPlane(state, part) {
  const contours = CONTOURS.map((layers) => ({ layers, curves: depthContour(state.at, layers, WIDEST, HIGHEST) }));
  state.plane = {
    image: planeImage(state.at, WIDEST, HIGHEST, 70, 40), contours, dots: state.data.places,
    edge: state.data.norm.kind === "batch" ? [] : edgeOfChaos(state.at, WIDEST, HIGHEST, 40),
  };
  part("plane").innerHTML = planePicture(state.plane, WIDEST, HIGHEST);
  part("places").innerHTML = state.data.places.filter(({ sigma_w }) => sigma_w > 0 && sigma_w <= WIDEST)
    .map(({ names, sigma_w }) => `<button type="button" data-sigma="${sigma_w}">${escaped(names)}</button>`).join("");
}

/** Return the measured networks near the point: of each kind of measurement the nearest. */
function nearest(measured, point) {
  const distance = (one) => ((one.sigma_w - point.sigma_w) / NEAR) ** 2 + ((one.sigma_b - point.sigma_b) / NEAR) ** 2
    + (Math.log2(one.width / point.width) / 8) ** 2 + (Math.log2(one.depth / point.depth) / 8) ** 2;
  const near = measured.filter((one) =>
    Math.abs(one.sigma_w - point.sigma_w) <= NEAR && Math.abs(one.sigma_b - point.sigma_b) <= NEAR);
  return ["propagation", "mean_field"].map((study) => near.filter((one) => one.study === study)
    .reduce((best, one) => (best && distance(best) <= distance(one) ? best : one), null)).filter(Boolean);
}

function drawPoint(state, part) {
  const { point, data, hover } = state, net = state.at(point.sigma_w, point.sigma_b);
  const rows = follow(net, point.depth, point.width, STARTS), end = settled(net), verdict = judged(rows, data.limits);
  for (const name of ["sigma_w", "sigma_b", "depth", "width"]) {
    const slider = part(name);
    const value = name === "width" ? Math.log2(point.width) : point[name];
    if (Number(slider.value) !== value) slider.value = value;
    part(`${name}_value`).textContent = numeral(point[name], 4);
    slider.setAttribute("aria-valuetext", numeral(point[name], 4));
  }
  drawVerdict(state, part, verdict, end);
  const near = nearest(data.measured, point), dots = (name) => near.filter((one) => one[name]).map((one) => ({ values: one[name], kind: one.study }));
  const scattered = rows.some((row) => row.scatter !== null) ? rows.map((row) => row.scatter) : null;
  const column = (pick) => rows.map(pick);
  const last = Math.min(...near.filter((one) => one.gradient).map((one) => one.depth), point.depth);
  const relative = dots("gradient").map((one) => ({ ...one, values: one.values.slice(0, last).map((value) => value / one.values[last - 1] * rows[last - 1].gradient) }));
  const charts = {
    q: { curves: [{ values: column((row) => row.q), kind: "first", band: scattered }], dots: dots("q"), logarithmic: true },
    std: { curves: [{ values: column((row) => row.std), kind: "first" }], dots: dots("std"), logarithmic: true },
    gradient: { curves: [{ values: column((row) => row.gradient), kind: "first" }], dots: relative, logarithmic: true },
    correlation: {
      curves: hasCorrelations(net) ? STARTS.map((_, i) => ({ values: column((row) => row.correlations[i]), kind: i ? "second" : "first" })) : [],
      dots: [...dots("unlike"), ...dots("alike")], logarithmic: false,
    },
  };
  const at = rows[(hover ?? point.depth) - 1] ?? rows[rows.length - 1];
  const said = {
    q: numeral(at.q), std: numeral(at.std), gradient: numeral(at.gradient),
    correlation: at.correlations.length ? at.correlations.map((c) => numeral(c)).join(", ") : "–",
  };
  for (const [name, chart] of Object.entries(charts)) {
    part(name).innerHTML = layersPicture(chart, point.depth, hover);
    part(`${name}_value`).textContent = `layer ${at.layer}: ${said[name]}`;
  }
  part("without").hidden = hasCorrelations(net);
  part("measured").innerHTML = near.length
    ? near.map((one) => `<span class="key ${one.study}"></span>${escaped(one.label)}`).join("<br>")
    : "No network was measured near this point.";
  const here = part("plane").querySelector(".here"), to = planeFrame(WIDEST, HIGHEST);
  here?.setAttribute("cx", to.x(Math.min(point.sigma_w, WIDEST)));
  here?.setAttribute("cy", to.y(Math.min(point.sigma_b, HIGHEST)));
}

function drawVerdict(state, part, verdict, end) {
  const { point } = state, badge = part("verdict");
  badge.textContent = verdict.verdict ?? "one layer";
  badge.className = `verdict ${(verdict.verdict ?? "").replace(" ", "-")}`;
  part("why").textContent = verdict.verdict
    ? `${EXPLAINED[verdict.verdict]} Per layer over the deeper half: signal ×${numeral(verdict.forwardRate)}, gradient ×${numeral(verdict.backwardRate)}; over the depth ×${numeral(verdict.forwardFactor)} and ×${numeral(verdict.backwardFactor)}.`
    : "A rate takes two layers.";
  const fates = end.fates.length > 1 ? ` (of ${end.fates.map((q) => numeral(q)).join(" or ")}, by where it starts)` : "";
  part("limit").textContent = `At infinite depth: q* = ${numeral(end.q)}${fates}, χ₁ = ${numeral(end.chi)}, `
    + (end.depth === null ? "no ξ_c" : `c* = ${numeral(end.c)}, ξ_c = ${numeral(end.depth)} layers`)
    + `. In a program: weights of std ${numeral(point.sigma_w / Math.sqrt(point.width), 4)} at fan-in ${point.width}`
    + (point.sigma_b > 0 ? `, biases of std ${numeral(point.sigma_b, 4)}.` : ", no biases.");
}
