/** The range that histograms share: what lies in it is all but the outermost hundredths of each. */
export function commonRange(histograms) {
  let [low, high] = [Infinity, -Infinity];
  for (const { low: from, high: to, counts } of histograms) {
    const total = counts.reduce((sum, count) => sum + count, 0);
    const width = (to - from) / counts.length;
    let [seen, first, last] = [0, null, 0];
    counts.forEach((count, index) => {
      seen += count;
      if (first === null && seen > 0.005 * total) first = index;
      if (seen - count < 0.995 * total && count > 0) last = index;
    });
    low = Math.min(low, from + (first ?? 0) * width);
    high = Math.max(high, from + (last + 1) * width);
  }
  if (!(high > low)) [low, high] = [low - 0.5, low + 0.5];
  return { low, high };
}

/** Go from one range towards another: out at once, in by and by, so that pictures do not tremble. */
export function eased(from, to, share = 0.2) {
  if (!from) return to;
  return {
    low: to.low < from.low ? to.low : from.low + share * (to.low - from.low),
    high: to.high > from.high ? to.high : from.high + share * (to.high - from.high),
  };
}

/** Activations of a layer in the shared range; those that are kept for comparison as a dotted outline. */
export function drawHistogram(context, width, height, { histogram, kept, range, colour, colours }) {
  const across = (value) => ((value - range.low) / (range.high - range.low)) * width;
  const bottom = height - 1;
  context.strokeStyle = colours.line;
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(0, bottom + 0.5);
  context.lineTo(width, bottom + 0.5);
  context.stroke();
  if (range.low < 0 && range.high > 0) {
    const zero = Math.round(across(0)) + 0.5;
    context.setLineDash([1, 2]);
    context.strokeStyle = colours.faint;
    context.beginPath();
    context.moveTo(zero, 0);
    context.lineTo(zero, bottom);
    context.stroke();
    context.setLineDash([]);
  }
  if (histogram) {
    context.fillStyle = colour;
    const { low, bin, heights } = bars(histogram, bottom);
    heights.forEach((tall, index) => {
      if (!tall) return;
      const [left, right] = [across(low + index * bin), across(low + (index + 1) * bin)];
      context.fillRect(left, bottom - tall, Math.max(1.5, right - left - (right - left > 4 ? 0.75 : 0)), tall);
    });
  }
  if (!kept) return;
  const { low, bin, heights } = bars(kept, bottom);
  context.beginPath();
  context.moveTo(across(low), bottom);
  heights.forEach((tall, index) => {
    context.lineTo(across(low + index * bin), bottom - tall);
    context.lineTo(across(low + (index + 1) * bin), bottom - tall);
  });
  context.lineTo(across(low + heights.length * bin), bottom);
  context.strokeStyle = colours.card; // a light edge, so that it shows on bars too
  context.lineWidth = 3;
  context.stroke();
  context.strokeStyle = colours.kept;
  context.lineWidth = 1.5;
  context.setLineDash([3, 2]);
  context.stroke();
  context.setLineDash([]);
}

/** Heights by the square root of the share, so that a full bin (the zeros of a ReLU) leaves the others visible. */
function bars({ low, high, counts }, tallest) {
  const most = Math.max(...counts, 1);
  return { low, bin: (high - low) / counts.length, heights: counts.map((count) => Math.sqrt(count / most) * (tallest - 2)) };
}
