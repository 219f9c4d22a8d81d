// Mean-field theory from tabulated maps: functions of numbers alone, which know nothing of the page.
// The arithmetic is that of engine/theory, and a test compares the two.

// A value is interpolated by the polynomial through so many neighbouring rows.
const NEIGHBOURS = 10;
const BINOMIALS = [1, 9, 36, 84, 126, 126, 84, 36, 9, 1];
// Expectations near their asymptotes like 1/√q or faster: by less than this from row to row.
const SLOWEST = 0.96;
// Closer to 1 a factor cannot be told from it, and closer to 1 no correlation is looked for.
const ROUNDING = 1e-9, BELOW = 1 - 1e-6;

/** Prepare the maps of an activation: columns of the table activation_maps. */
function readMaps(table) {
  const maps = {
    low: table.log_q[0],
    step: table.log_q[1] - table.log_q[0],
    rows: table.log_q.length,
    logQ: table.log_q,
    elasticity: table.log_q.map((x, row) => table.length_slope[row] * Math.exp(x) / table.length[row]),
    correlations: table.correlations.length ? table.correlations : null,
  };
  // Positive quantities follow powers of q: their logarithms are all but straight lines.
  for (const name of ["length", "slope", "variance", "kurtosis"]) maps[name] = table[name].map(Math.log);
  if (maps.correlations) {
    const last = maps.correlations[0].length - 1;
    maps.angles = maps.correlations[0].map((_, j) => (1 - Math.cos(Math.PI * j / last)) * Math.PI / 4);
    maps.signs = maps.angles.map((_, j) => (j % 2 ? -1 : 1) * (j === 0 || j === last ? 0.5 : 1));
  }
  return maps;
}

/** Return the rows around q, with the weights of the polynomial through them; beyond the table, by so much of ln q, the last. */
function around(maps, q) {
  const place = (Math.log(q) - maps.low) / maps.step, last = maps.rows - 1;
  if (place < 0) return { start: 0, weights: [1], beyond: place * maps.step };
  if (place > last) return { start: last, weights: [1], beyond: (place - last) * maps.step };
  const start = Math.min(Math.max(Math.floor(place) - NEIGHBOURS / 2 + 1, 0), maps.rows - NEIGHBOURS);
  const weights = [];
  let sum = 0;
  for (let j = 0; j < NEIGHBOURS; j++) {
    const distance = place - start - j;
    if (distance === 0) return { start: start + j, weights: [1] };
    const weight = (j % 2 ? -1 : 1) * BINOMIALS[j] / distance;
    weights.push(weight);
    sum += weight;
  }
  return { start, weights: weights.map((weight) => weight / sum) };
}

function interpolated(column, { start, weights }) {
  let sum = 0;
  for (let j = 0; j < weights.length; j++) sum += weights[j] * column[start + j];
  return sum;
}

/** Return an expectation at variance q: length, slope, variance or kurtosis. */
function moment(maps, name, q) {
  const place = around(maps, q), column = maps[name];
  if (!place.beyond) return Math.exp(interpolated(column, place));
  // There it nears a power of q, whose exponent is a multiple of one half, by the same factor from row to row.
  const [one, two, three] = place.beyond < 0 ? [0, 1, 2] : [maps.rows - 1, maps.rows - 2, maps.rows - 3];
  const inward = place.beyond < 0 ? maps.step : -maps.step;
  const exponent = Math.round(2 * (column[two] - column[one]) / inward) / 2;
  const change = column[one] - column[two] + exponent * inward, ratio = change / (column[two] - column[three] + exponent * inward);
  const nears = ratio > 0 && ratio < SLOWEST ? change * ratio / (1 - ratio) * (1 - ratio ** Math.abs(place.beyond / maps.step)) : 0;
  return Math.exp(column[one] + nears + (exponent ? exponent * place.beyond : 0));
}

/** Return E φ(z_a)φ(z_b)/V for Gaussians of variance q and correlation c, from 0 to 1. */
function correlated(maps, q, c) {
  return correlatedAt(maps, q, Math.acos(Math.min(Math.max(c, 0), 1)));
}

function correlatedAt(maps, q, angle) {
  const exact = maps.angles.indexOf(angle);
  const { start, weights } = exact < 0 ? throughAngles(maps, angle) : { start: exact, weights: [1] };
  // Beyond the table correlations have come to their limits.
  const place = around(maps, q);
  let sum = 0;
  for (let j = 0; j < place.weights.length; j++) {
    sum += place.weights[j] * interpolated(maps.correlations[place.start + j], { start, weights });
  }
  return sum;
}

function throughAngles(maps, angle) {
  const weights = maps.angles.map((at, j) => maps.signs[j] / (angle - at));
  const sum = weights.reduce((a, b) => a + b, 0);
  return { start: 0, weights: weights.map((weight) => weight / sum) };
}

/** Return d/dc of `correlated`, for c below 1. */
function correlatedSlope(maps, q, c) {
  const angle = Math.acos(c), h = Math.min(1e-4, angle / 2);
  return (correlatedAt(maps, q, angle - h) - correlatedAt(maps, q, angle + h)) / (2 * h * Math.sin(angle));
}

// A network: {maps, norm: {kind: "none" | "units" | "batch", eps}, weight: σw², bias: σb²}. Normalized over the units of each
// example, φ sees q/(q + eps), in a wide layer whatever is centred; over a large batch, what examples share is taken off.

/** Return the networks of an activation and a normalization: a function of σw and σb. */
function networks(maps, norm) {
  const plane = { maps, norm, q: maps.logQ.map(Math.exp) };
  plane.ratio = plane.q.map((q) => nextVariance({ ...plane, weight: 1, bias: 0 }, q) / q);
  return (sigmaW, sigmaB) => ({ ...plane, weight: sigmaW ** 2, bias: sigmaB ** 2 });
}

function seen(net, q) {
  return net.norm.kind === "none" ? q : q / (q + Math.max(net.norm.eps, Number.MIN_VALUE));
}

/** Return the factor on squares on passing the normalization. */
function share(net, q) {
  return net.norm.kind === "none" ? 1 : 1 / (q + net.norm.eps);
}

function firstVariance(net) {
  return net.weight + (net.norm.kind === "batch" ? 0 : net.bias);
}

function nextVariance(net, q) {
  const s = seen(net, q);
  if (net.norm.kind === "batch") return net.weight * moment(net.maps, "variance", s);
  return net.weight * moment(net.maps, "length", s) + net.bias;
}

/** Return χ, the factor on the squared gradient on its way back through a layer whose pre-activations have variance q. */
function chiAt(net, q) {
  return net.weight * moment(net.maps, "slope", seen(net, q)) * share(net, q);
}

/** Return the correlation behind one more layer. */
function nextCorrelation(net, q, c, next = nextVariance(net, q)) {
  const s = seen(net, q);
  return Math.min((net.weight * moment(net.maps, "length", s) * correlated(net.maps, s, c) + net.bias) / next, 1);
}

/** Return whether there is a map of correlations: behind a batch norm they depend on the rest of the batch. */
function hasCorrelations(net) {
  return net.norm.kind !== "batch" && net.maps.correlations !== null;
}

/**
 * Follow a signal and a gradient through a network.
 *
 * Returns a row per layer: q (variance of the pre-activations), std (of the activations), gradient (root mean square
 * relative to the last layer), correlations (one for each correlation of the inputs; empty where there is no map),
 * scatter (standard deviation, from network to network of this width, of ln q for one input; null where unknown).
 */
function follow(net, depth, width, starts) {
  const rows = [];
  let q = firstVariance(net), previous = null;
  for (let layer = 1; layer <= depth; layer++) {
    const signal = net.weight > 0 && previous ? net.weight * moment(net.maps, "length", seen(net, previous.q)) : net.weight;
    const kept = q > 0 ? signal / q : 0;
    rows.push({
      layer, q, chi: q > 0 ? chiAt(net, q) : 0,
      std: q > 0 ? Math.sqrt(moment(net.maps, "variance", seen(net, q))) : 0,
      correlations: hasCorrelations(net) && q > 0
        ? starts.map((c, i) => previous
          ? nextCorrelation(net, previous.q, previous.correlations[i], q) : (net.weight * c + net.bias) / q)
        : [],
      strayed: previous ? kept ** 2 * passedOn(net, previous, width) : kept ** 2 * 2 / width,
    });
    previous = rows[rows.length - 1];
    q = nextVariance(net, q);
  }
  let gradient = 1;
  for (let at = rows.length - 1; at >= 0; at--) {
    rows[at].gradient = gradient;
    gradient *= Math.sqrt(rows[at].chi);
  }
  // The mean over the units of a layer scatters as well, that of squares of Gaussians by 2.
  for (const row of rows) row.scatter = net.norm.kind === "none" ? Math.sqrt(row.strayed + 2 / width) : null;
  return rows;
}

/** Return the relative variance, from network to network, of E φ² in a layer of so many units. */
function passedOn(net, row, width) {
  const place = around(net.maps, row.q);
  const slope = interpolated(net.maps.elasticity, place);
  return slope ** 2 * row.strayed + (Math.exp(interpolated(net.maps.kurtosis, place)) - 1) / width;
}

/** Return rates per layer over the deeper half, factors over the depth, and the verdict: the view signal_rates. */
function judged(rows, limits) {
  const depth = rows.length, ratios = depth - Math.max(Math.floor(depth / 2), 1);
  if (ratios === 0) return { verdict: null };
  const first = rows[0], middle = rows[depth - ratios - 1], last = rows[depth - 1];
  const forwardRate = last.std === 0 ? 0 : (last.std / middle.std) ** (1 / ratios);
  const backwardRate = middle.gradient === 0 ? 0 : middle.gradient ** (1 / ratios);
  const forwardFactor = last.std === 0 ? 0 : last.std / first.std, backwardFactor = first.gradient;
  const verdict =
    Math.max(forwardRate, backwardRate) > limits.too_big ? "too big"
      : Math.min(forwardRate, backwardRate) < limits.too_small ? "too small"
        : Math.max(forwardFactor, backwardFactor) > limits.factor_too_big ? "too big"
          : Math.min(forwardFactor, backwardFactor) < limits.factor_too_small ? "too small" : "just right";
  return { verdict, forwardRate, backwardRate, forwardFactor, backwardFactor };
}

/** Return where a function changes its sign between two points, by false position (Illinois). */
function crossing(f, low, high) {
  let left = f(low), right = f(high), side = 0;
  for (let turn = 0; turn < 100 && high - low > 1e-14 * Math.max(1, Math.abs(low)); turn++) {
    const at = (low * right - high * left) / (right - left), value = f(at);
    if (value === 0) return at;
    if ((value > 0) === (right > 0)) {
      if (high - at < 1e-15) break;
      [high, right] = [at, value];
      if (side === 1) left /= 2;
      side = 1;
    } else {
      if (at - low < 1e-15) break;
      [low, left] = [at, value];
      if (side === -1) right /= 2;
      side = -1;
    }
  }
  return Math.abs(left) < Math.abs(right) ? low : high;
}

/** Return how much q grows by in a layer, less 1, by ln q. */
function growth(net) {
  return (x) => nextVariance(net, Math.exp(x)) / Math.exp(x) - 1;
}

/** Return the fixed points of q that attract, in ascending order: 0 and infinity among them. */
function fates(net) {
  const { logQ, rows } = net.maps, found = [], bias = net.norm.kind === "batch" ? 0 : net.bias;
  const value = (row) => net.weight * net.ratio[row] + bias / net.q[row] - 1;
  let below = value(0);
  if (below < -ROUNDING) found.push(0);
  for (let row = 1; row < rows; row++) {
    const above = value(row);
    if (below > 0 && above <= 0) found.push(Math.exp(crossing(growth(net), logQ[row - 1], logQ[row])));
    below = above;
  }
  if (below > ROUNDING) found.push(Infinity);
  return found;
}

/** Return the fixed point that a network with N(0,1) inputs comes to, every attracting one, and χ₁. */
function reached(net) {
  const first = firstVariance(net), second = nextVariance(net, first), every = fates(net);
  const rests = Math.abs(second / first - 1) <= ROUNDING || every.length === 0;
  const ahead = every.filter((q) => (second > first ? q > first : q < first));
  const q = rests ? first : second > first ? ahead[0] ?? Infinity : ahead[ahead.length - 1] ?? 0;
  return { q, fates: every, chi: chiAt(net, Math.min(Math.max(q, net.q[0]), net.q[net.q.length - 1])) };
}

/** Return what a network of infinite depth comes to: as `reached`, with c*, and ξ_c (null where there is no c*). */
function settled(net) {
  const { q, fates: every, chi } = reached(net);
  const inside = q > 0 && q < Infinity && hasCorrelations(net);
  if (!inside || [0, 0.5].every((c) => Math.abs(nextCorrelation(net, q, c) - c) < ROUNDING)) {
    return { q, fates: every, chi, c: null, depth: null };
  }
  if (chi <= 1 + ROUNDING) return { q, fates: every, chi, c: 1, depth: decay(chi) };
  const excess = (c) => nextCorrelation(net, q, c) - c;
  const c = excess(0) <= 0 ? 0 : excess(BELOW) >= 0 ? 1 : crossing(excess, 0, BELOW);
  const s = seen(net, q);
  const near = c < 1 ? net.weight * moment(net.maps, "length", s) * correlatedSlope(net.maps, s, c) / q : chi;
  return { q, fates: every, chi, c, depth: decay(near) };
}

function decay(factor) {
  return factor <= 0 ? 0 : factor < 1 - ROUNDING ? -1 / Math.log(factor) : Infinity;
}
