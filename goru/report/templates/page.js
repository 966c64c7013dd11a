(() => {
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const plots = [...document.querySelectorAll("[data-figure]")];
  const root = document.documentElement;
  const button = document.getElementById("theme");
  const coarse = matchMedia("(pointer: coarse)").matches;
  const PRINTED = 680; // pixels: the width of a sheet between its margins
  // Figures are made for a light page; these are the same colours on a dark one.
  const DARK = {
    "#0072B2": "#56B4E9", "#56B4E9": "#9AD3F5", "#D55E00": "#F08C3A", "#E69F00": "#F0E442", "#009E73": "#2BC79A",
    "#CC79A7": "#E3A6C8", "#1F2937": "#E5E7EB", "#6B7280": "#9CA3AF", "#E5E7EB": "#2F3947", "#F1F3F5": "#232B36",
    "#FFFFFF": "#161B22",
  };

  // Colours stand under names that say so; a name from a table that looks like one is left alone.
  const recoloured = (value, key = "") => {
    if (typeof value === "string" && /color/i.test(key)) {
      const own = DARK[value.slice(0, 7).toUpperCase()];
      return own ? own + value.slice(7) : value;
    }
    if (Array.isArray(value)) return value.map((item) => recoloured(item, key));
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, recoloured(item, name)]));
    }
    return value;
  };

  const config = {
    displaylogo: false,
    displayModeBar: coarse ? false : "hover",
    modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"],
    doubleClick: "reset",
    toImageButtonOptions: { format: "svg" },
  };

  const widths = new Map(); // of what is drawn
  const draw = (div, theme, width) => {
    const name = div.dataset.figure;
    let figure = theme === "dark" ? recoloured(figures[name]) : structuredClone(figures[name]);
    if (coarse) figure.layout.dragmode = false; // a finger scrolls the page
    if (width) figure.layout.width = width; else figure.layout.autosize = true;
    // Drawn over, at another width, legends would stay where they were.
    const wide = width ?? div.clientWidth, over = widths.get(div) === wide;
    widths.set(div, wide);
    if (!over) div.querySelector(":scope > svg")?.remove(); // what is shown until Plotly is there
    return Plotly[over ? "react" : "newPlot"](div, figure.data, figure.layout, { ...config, filename: name });
  };

  // Before Plotly is there, nothing is drawn that would have to be drawn again.
  const drawAll = (theme, width) => { if (window.Plotly) plots.forEach((div) => draw(div, theme, width)); };

  const name = () => { button.textContent = root.dataset.theme === "dark" ? button.dataset.light : button.dataset.dark; };
  button.hidden = false;
  name();
  button.addEventListener("click", () => {
    root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark";
    try { localStorage.setItem("goru-theme", root.dataset.theme); } catch { /* then it lasts for this view */ }
    name();
    drawAll(root.dataset.theme);
  });

  let before = null;
  addEventListener("beforeprint", () => {
    before = root.dataset.theme;
    root.dataset.theme = "light";
    drawAll("light", PRINTED);
  });
  addEventListener("afterprint", () => {
    root.dataset.theme = before ?? root.dataset.theme;
    before = null;
    drawAll(root.dataset.theme);
  });

  let waiting = 0;
  addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      const moved = plots.some((div) => widths.get(div) && widths.get(div) !== div.clientWidth);
      if (moved && before === null) drawAll(root.dataset.theme);
    }, 100);
  });

  const decoded = (text) => {
    if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
    const letters = atob(text), bytes = new Uint8Array(letters.length);
    for (let place = 0; place < letters.length; place++) bytes[place] = letters.charCodeAt(place); // a callback is slow
    return bytes;
  };

  // Plotly, compressed: so the page is less than half as large.
  const plotly = async () => {
    const packed = decoded(document.getElementById("plotly").textContent);
    const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    const script = document.createElement("script");
    script.textContent = await new Response(unpacked).text();
    document.head.append(script);
  };

  // One after the other, so that the page answers meanwhile.
  (async () => {
    try {
      await plotly();
    } catch {
      root.dataset.drawn = "none"; // a browser from before 2023: the numbers are there
      return;
    }
    for (const div of plots) {
      await draw(div, root.dataset.theme);
      if (div === plots[0]) performance.mark("usable");
      await new Promise((resolve) => setTimeout(resolve));
    }
    performance.mark("drawn");
    root.dataset.drawn = plots.length;
  })();
})();
