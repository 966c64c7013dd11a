const MOST = 8; // units that are drawn of a layer

/**
 * The network: a column of units a layer, with batch norm as a bar, dropped units crossed out and dead ones hollow.
 * Lines are as dark as the layer's weights are large, where they are known.
 */
export function drawNetwork(context, width, height, { inputs, outputs, network, layers, colours }) {
  const columns = [inputs, ...network.hidden, outputs];
  const step = (width - 28) / Math.max(1, columns.length - 1);
  const place = (column) => 14 + column * step;
  const units = columns.map((size) => {
    const drawn = Math.min(size, MOST);
    const gap = Math.min(14, (height - 24) / Math.max(drawn, 1));
    return Array.from({ length: drawn }, (_, index) => height / 2 + (index - (drawn - 1) / 2) * gap - 4);
  });
  const largest = Math.max(...(layers ?? []).map((layer) => layer.weight_rms), 1e-9);
  for (let column = 0; column + 1 < columns.length; column++) {
    const rms = layers?.[column]?.weight_rms;
    context.strokeStyle = colours.soft;
    context.lineWidth = 0.75;
    context.globalAlpha = rms === undefined ? 0.16 : 0.06 + 0.3 * Math.sqrt(rms / largest);
    context.beginPath();
    for (const from of units[column]) {
      for (const to of units[column + 1]) {
        context.moveTo(place(column), from);
        context.lineTo(place(column + 1), to);
      }
    }
    context.stroke();
    context.globalAlpha = 1;
  }
  columns.forEach((size, column) => {
    const hidden = column > 0 && column < columns.length - 1;
    if (hidden && network.norm !== "none") drawNorm(context, place(column) + (network.norm === "before" ? -8 : 8), units[column], colours);
    const dead = hidden ? Math.round((layers?.[column - 1]?.dead ?? 0) * units[column].length) : 0;
    const dropped = hidden ? Math.round(network.dropout * units[column].length) : 0;
    units[column].forEach((y, index) => {
      drawUnit(context, place(column), y, { dead: index >= units[column].length - dead, hidden, colours });
      // Spread over the column, so that it does not look like a block of its own.
      if (hidden && (index * 5 + column * 3) % units[column].length < dropped) drawCross(context, place(column), y, colours);
    });
    context.fillStyle = colours.soft;
    context.font = `10.5px ${colours.font}`;
    context.textAlign = "center";
    context.textBaseline = "bottom";
    context.fillText(String(size), place(column), height);
  });
}

function drawUnit(context, x, y, { dead, hidden, colours }) {
  context.beginPath();
  context.arc(x, y, 3.75, 0, 2 * Math.PI);
  context.fillStyle = dead ? colours.card : hidden ? colours.ink : colours.soft;
  context.strokeStyle = hidden ? colours.ink : colours.soft;
  context.lineWidth = 1;
  context.fill();
  context.stroke();
}

function drawCross(context, x, y, colours) {
  context.strokeStyle = colours.with;
  context.lineWidth = 1.75;
  context.beginPath();
  for (const way of [-1, 1]) {
    context.moveTo(x - 5, y - 5 * way);
    context.lineTo(x + 5, y + 5 * way);
  }
  context.stroke();
}

function drawNorm(context, x, units, colours) {
  context.fillStyle = colours.with;
  context.beginPath();
  context.roundRect(x - 1.5, units[0] - 6, 3, units.at(-1) - units[0] + 12, 1.5);
  context.fill();
}
