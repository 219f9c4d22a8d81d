// The plane of σw and σb as curves: the edge of chaos, and where networks reach a given depth.

// Points of a curve are so far apart, at least.
const NEXT = 0.006;
// Correlations among which roots are looked for, and parts of a row of the maps at which a curve is followed.
const PARTS = 12, FINER = 2;

/** Return the edge: for each σb, where χ₁ of the network that is reached passes 1 along σw. */
function edgeOfChaos(at, widest, highest, count) {
  const lines = [], columns = 48;
  for (let row = 0; row <= count; row++) {
    const sigmaB = highest * row / count;
    const excess = (sigmaW) => Math.log(reached(at(sigmaW, sigmaB)).chi);
    let before = excess(widest / columns);
    for (let column = 2; column <= columns; column++) {
      const right = widest * column / columns, value = excess(right);
      if (before < 0 && value >= 0) lines.push([crossing(excess, widest * (column - 1) / columns, right), sigmaB]);
      before = value;
    }
  }
  return lines;
}

/** Return the curves on which differences between inputs fall by a factor e in so many layers: lists of points. */
function depthContour(at, layers, widest, highest) {
  const net = at(1, 0);
  if (!hasCorrelations(net)) return [];
  const factor = Math.exp(-1 / layers);
  // Parametrized by the fixed point: in order χ₁ is the factor; in chaos c* is where the map of correlations has it as slope.
  const ordered = (q) => factor / (moment(net.maps, "slope", seen(net, q)) * share(net, q));
  return [ordered, (q) => chaotic(net, q, factor, false), (q) => chaotic(net, q, factor, true)]
    .flatMap((weightAt) => traced(at, net, weightAt, widest, highest));
}

/** Return σw² for which q and some c are fixed points and the map of correlations has a slope at c; that slope, as a function of
 * c, first falls and then rises to 1: the c where it is rising or the one where it is falling. NaN where there is none. */
function chaotic(net, q, factor, rising) {
  const s = seen(net, q);
  const excess = (c) => (1 - c) * correlatedSlope(net.maps, s, c) / (1 - correlated(net.maps, s, c)) - factor;
  let low = 0, below = excess(0);
  for (let part = 1; part <= PARTS; part++) {
    const high = BELOW * Math.sin(Math.PI / 2 * part / PARTS), above = excess(high);
    if ((below < 0) !== (above < 0) && (above > below) === rising) {
      const c = crossing(excess, low, high);
      return q * (1 - c) / (moment(net.maps, "length", s) * (1 - correlated(net.maps, s, c)));
    }
    [low, below] = [high, above];
  }
  return NaN;
}

/** Follow a curve through the plane, and leave out where networks come to another fixed point than its own. */
function traced(at, net, weightAt, widest, highest) {
  const curves = [], step = net.maps.step / FINER;
  // Where σb² nears zero, σb changes much over a little of q: the end of a curve is narrowed down.
  const place = (x) => {
    const q = Math.exp(x), weight = weightAt(q), bias = q - weight * moment(net.maps, "length", seen(net, q));
    const [sigmaW, sigmaB] = [Math.sqrt(weight), Math.sqrt(Math.abs(bias) < 1e-9 * q ? 0 : bias)];
    const visible = sigmaW <= widest && sigmaB <= highest && Math.abs(reached(at(sigmaW, sigmaB)).q / q - 1) < 1e-3;
    return visible ? [sigmaW, sigmaB] : null;
  };
  const end = (inside, outside) => {
    for (let turn = 0; turn < 14; turn++) {
      const middle = (inside + outside) / 2;
      if (place(middle)) inside = middle;
      else outside = middle;
    }
    return place(inside);
  };
  let before = null;
  for (let part = 0; part < FINER * (net.maps.rows - 1); part++) {
    const x = net.maps.low + part * step, here = place(x);
    if (here && !before) curves.push(part ? [end(x, x - step)] : []);
    if (here) curves[curves.length - 1].push(here);
    if (!here && before) curves[curves.length - 1].push(end(x - step, x));
    before = here;
  }
  return curves.map(thinned).filter((curve) => curve.length > 1);
}

/** Leave out points that cannot be told from the one before. */
function thinned(curve) {
  let last = [-1, -1];
  return curve.filter((one, i) => {
    const far = i === curve.length - 1 || Math.hypot(one[0] - last[0], one[1] - last[1]) >= NEXT;
    if (far) last = one;
    return far;
  });
}
