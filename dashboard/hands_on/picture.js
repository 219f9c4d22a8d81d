// Pictures as SVG text: charts over the layers, and the plane.

const SIZE = { width: 270, height: 150, left: 44, right: 8, top: 8, bottom: 22 };
const PLANE = { width: 420, height: 350, left: 44, right: 10, top: 10, bottom: 42 };
// χ₁ beyond this, or below its inverse, has the full colour.
const FULL = 2;

function escaped(text) {
  return String(text).replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
}

/** Return a number as people write it. */
function numeral(value, digits = 3) {
  if (value === null || Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e5)) {
    const exponent = Math.floor(Math.log10(size));
    const raised = String(exponent).replace(/./g, (sign) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(sign)]);
    return `${(value / 10 ** exponent).toFixed(1)}·10${raised}`.replace("-", "−");
  }
  return String(Number(value.toPrecision(digits))).replace("-", "−");
}

function frame(box, domainX, domainY, logarithmic) {
  const place = (value, [low, high], from, to) => from + (value - low) / (high - low || 1) * (to - from);
  const sized = logarithmic ? (value) => Math.log10(value) : (value) => value;
  return {
    x: (value) => place(value, domainX, box.left, box.width - box.right),
    y: (value) => place(sized(value), domainY, box.height - box.bottom, box.top),
  };
}

function points(to, pairs) {
  return pairs.map(([x, y]) => `${to.x(x).toFixed(1)},${to.y(y).toFixed(1)}`).join(" ");
}

/** Return ticks between two numbers: at most so many, at round values. */
function ticks(low, high, most) {
  const rough = (high - low) / most, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= rough) * power;
  const found = [];
  for (let at = Math.ceil(low / step) * step; at <= high + step / 1e6; at += step) found.push(Number(at.toPrecision(12)));
  return found;
}

function grid(box, to, xs, ys, labelX, labelY) {
  const bottom = box.height - box.bottom;
  const across = ys.map((y) => `<line class="grid" x1="${box.left}" x2="${box.width - box.right}" y1="${to(y)}" y2="${to(y)}"/>
    <text class="tick" x="${box.left - 5}" y="${to(y) + 4}" text-anchor="end">${labelY(y)}</text>`);
  const below = xs.map(({ at, value }) =>
    `<text class="tick" x="${at}" y="${bottom + 16}" text-anchor="middle">${labelX(value)}</text>`);
  return across.join("") + below.join("");
}

/**
 * Draw quantities over the layers.
 *
 * chart: {curves: [{values, kind, band}], dots: [{values, kind}], logarithmic}; values are lists by layer.
 * Values that are not above zero cannot stand on a logarithmic axis, and are left out.
 */
function layersPicture(chart, depth, hover) {
  const drawable = (value) => Number.isFinite(value) && (!chart.logarithmic || value > 0);
  const all = [...chart.curves, ...chart.dots].flatMap((one) => one.values).filter(drawable);
  const domainY = chart.logarithmic ? decades(all) : [0, 1];
  const to = frame(SIZE, [1, Math.max(depth, 2)], domainY, chart.logarithmic);
  const rows = chart.logarithmic ? ticks(domainY[0], domainY[1], 4).filter(Number.isInteger) : [0, 0.5, 1];
  const labelled = (y) => chart.logarithmic ? numeral(10 ** y) : numeral(y);
  const height = (y) => to.y(chart.logarithmic ? 10 ** y : y);
  const columns = ticks(1, Math.max(depth, 2), 6).filter((value) => Number.isInteger(value) && value >= 1);
  const pairs = (values) => values.map((value, i) => [i + 1, value]).filter(([, value]) => drawable(value));
  const bands = chart.curves.filter((one) => one.band).map(({ values, band }) => {
    const end = (sign) => values.map((value, i) => [i + 1, value * Math.exp(sign * 1.96 * band[i])])
      .filter(([, value]) => drawable(value))
      .map(([x, value]) => [x, Math.min(Math.max(value, 10 ** domainY[0]), 10 ** domainY[1])]);
    return `<polygon class="band" points="${points(to, [...end(1), ...end(-1).reverse()])}"/>`;
  });
  const lines = chart.curves.map(({ values, kind }) => `<polyline class="line ${kind}" points="${points(to, pairs(values))}"/>`);
  const dots = chart.dots.flatMap(({ values, kind }) => pairs(values).filter(([x]) => x <= depth)
    .map(([x, y]) => `<circle class="dot ${kind}" cx="${to.x(x).toFixed(1)}" cy="${to.y(y).toFixed(1)}" r="2.6"/>`));
  const rule = hover ? `<line class="rule" x1="${to.x(hover)}" x2="${to.x(hover)}" y1="${SIZE.top}" y2="${SIZE.height - SIZE.bottom}"/>` : "";
  const axes = grid(SIZE, height, columns.map((value) => ({ at: to.x(value), value })), rows, numeral, labelled);
  return [axes, ...bands, rule, ...dots, ...lines].join("");
}

/** Return an interval of whole decades around values, so that an axis does not tremble while a slider moves. */
function decades(values) {
  if (!values.length) return [-1, 1];
  const logs = values.map(Math.log10);
  const low = Math.floor(Math.min(...logs) - 0.05), high = Math.ceil(Math.max(...logs) + 0.05);
  return high > low ? [low, high] : [low - 1, low + 1];
}

/** Return where σw and σb are in the picture of the plane. */
function planeFrame(widest, highest) {
  return frame(PLANE, [0, widest], [0, highest], false);
}

/** Draw the plane: colours of χ₁, contours, edge and initializations. */
function planePicture(plane, widest, highest) {
  const to = planeFrame(widest, highest);
  const box = `x="${to.x(0)}" y="${to.y(highest)}" width="${to.x(widest) - to.x(0)}" height="${to.y(0) - to.y(highest)}"`;
  // Numbers stand one below the other, since near the edge there is no room beside each other.
  const contours = plane.contours.flatMap(({ layers, curves }, row) => curves.map((curve) => {
    const wanted = highest * (0.93 - 0.13 * row);
    const [x, y] = curve.reduce((best, one) => (Math.abs(one[1] - wanted) < Math.abs(best[1] - wanted) ? one : best));
    const long = Math.abs(curve[0][1] - curve[curve.length - 1][1]) > highest / 4;
    return `<polyline class="contour" points="${points(to, curve)}"/>` + (!long ? "" : `<text class="label" x="${to.x(x)}" y="${to.y(y)}" text-anchor="middle">${layers}</text>`);
  }));
  const edge = broken(plane.edge, widest).map((curve) => `<polyline class="edge" points="${points(to, curve)}"/>`);
  const dots = plane.dots.filter(({ sigma_w }) => sigma_w <= widest).map(({ names, sigma_w }) =>
    `<circle class="place" data-sigma="${sigma_w}" cx="${to.x(sigma_w)}" cy="${to.y(0)}" r="6"><title>${escaped(names)}</title></circle>`);
  const xs = ticks(0, widest, 7).map((value) => ({ at: to.x(value), value }));
  const axes = grid(PLANE, to.y, xs, ticks(0, highest, 5), numeral, numeral);
  const names = `<text class="axis" x="${to.x(widest / 2)}" y="${PLANE.height - 6}" text-anchor="middle">σw, std of weights × √fan-in</text>
    <text class="axis" transform="translate(12 ${to.y(highest / 2)}) rotate(-90)" text-anchor="middle">σb, std of biases</text>`;
  return `<image ${box} preserveAspectRatio="none" href="${plane.image}"/>${axes}${contours.join("")}${edge.join("")}${names}${dots.join("")}<circle class="here" r="8"/>`;
}

/** Split a list of points, row by row, where one is far from the one before. */
function broken(edge, widest) {
  const curves = [];
  for (const one of edge) {
    const near = curves.find((curve) => {
      const last = curve[curve.length - 1];
      return one[1] > last[1] && Math.abs(one[0] - last[0]) < widest / 12 && one[1] - last[1] < 0.06;
    });
    if (near) near.push(one);
    else curves.push([one]);
  }
  return curves.filter((curve) => curve.length > 1);
}

/** Return the colours of the plane as a picture: blue where gradients vanish, orange where they explode. */
function planeImage(at, widest, highest, columns, rows) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [columns, rows];
  const context = canvas.getContext("2d"), pixels = context.createImageData(columns, rows);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const { chi } = reached(at(widest * (column + 0.5) / columns, highest * (1 - (row + 0.5) / rows)));
      const size = Math.min(Math.abs(Math.log(chi)) / Math.log(FULL), 1);
      pixels.data.set([...(chi > 1 ? [217, 89, 11] : [10, 120, 194]), Math.round(30 + 150 * size)], 4 * (row * columns + column));
    }
  }
  context.putImageData(pixels, 0, 0);
  return canvas.toDataURL();
}
