"use strict";
// Draws a run: curves, pictures, kernels, feature maps.

const kGap = 3; // pixels between maps

function curves() {
  const { steps, charts, evaluations, recorded_steps: recorded, steps_per_epoch: perEpoch } = report.curves;
  const extent = [0, steps.step[steps.step.length - 1]];
  const where = (x) => `step ${count(x)}` + (perEpoch > 0 ? `, epoch ${(x / perEpoch).toFixed(2)}` : "");
  const ofSteps = (name, label) => ({ label, tint: "series-1", x: steps.step, y: steps[name], points: false });
  const ofEvaluations = (name, label, tint) => ({ label, tint, x: evaluations.step, y: evaluations[name], points: true });
  const measured = (series) => series.filter(({ y }) => y.some((value) => value !== null));
  const parent = document.getElementById("charts");
  for (const [series, about] of [
    [[ofSteps("loss", "training batch"), ofEvaluations("validation_loss", "validation", "series-2"),
      ofEvaluations("test_loss", "test", "series-3")],
    { title: "Loss", unit: "nat", format: figure, log: true }],
    [[ofEvaluations("train_accuracy", "training", "series-1"), ofEvaluations("validation_accuracy", "validation", "series-2"),
      ofEvaluations("test_accuracy", "test", "series-3")],
    { title: "Accuracy", unit: "%", format: percent, axis: (value) => significant(100 * value) }],
    ...charts.map(({ name, label, meaning }) => [[ofSteps(name, label)],
      { title: label[0].toUpperCase() + label.slice(1), unit: meaning, format: significant, log: true }]),
  ]) {
    const known = measured(series);
    if (known.length > 0) addChart(parent, known, { ...about, extent, where });
  }
  if (steps.step.length < recorded) {
    document.getElementById("thinning").textContent = `Drawn through ${count(steps.step.length)} of ${count(recorded)} steps: ` +
      "the least and the largest loss and gradient norm of equal stretches, so no spike is lost.";
  }
}

const sheet = new Image();

function drawPicture(canvas) {
  const { columns, width, height } = report.sheet;
  const place = Number(canvas.dataset.picture);
  const { sample, truth } = report.samples[place];
  canvas.width = width;
  canvas.height = height;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `sample ${sample}, class ${truth}`);
  canvas.title = `sample ${sample}`;
  canvas.getContext("2d").drawImage(sheet, (place % columns) * width, Math.floor(place / columns) * height, width, height,
    0, 0, width, height);
  return canvas;
}

function picture(place) {
  return drawPicture(element("canvas", { "data-picture": place }));
}

function showCell(button) {
  const { cell, count: total, truth, guess } = button.dataset;
  for (const other of document.querySelectorAll("#matrix button")) other.setAttribute("aria-pressed", other === button);
  const places = report.cells[cell];
  const order = truth === guess ? "the least certain first" : "the most certain first";
  const shown = places.length < total ? `${places.length} of ${count(total)}` : count(total);
  const title = truth === guess ? `Class ${truth}, recognised` : `Class ${truth}, taken for ${guess}`;
  const pictures = places.map((place) => element("figure", {}, picture(place),
    element("figcaption", {}, percent(report.samples[place].probabilities[guess]))));
  document.getElementById("cell").replaceChildren(element("h3", {}, title),
    element("p", { class: "hint" }, `${shown} ${total === "1" ? "picture" : "pictures"}, ${order}, with the probability of ${guess}`),
    element("div", { class: "pictures" }, ...pictures));
}

// Counts span magnitudes: shades go by their logarithm, mistakes and right answers apart.
function shadeMatrix() {
  const buttons = [...document.querySelectorAll("#matrix button")];
  const most = Math.max(...buttons.map((button) => Number(button.dataset.count)));
  redraws.push(() => buttons.forEach((button) => {
    const value = Number(button.dataset.count);
    const tint = button.dataset.truth === button.dataset.guess ? "map-negative" : "map-positive";
    const share = value === 0 ? 0 : 12 + 38 * (Math.log1p(value) / Math.log1p(most));
    button.style.background = `color-mix(in srgb, ${color(tint)} ${share}%, ${color("wash")})`;
  }));
  if (!report.sheet) {
    for (const button of buttons) button.disabled = true;
    return;
  }
  for (const button of buttons) button.addEventListener("click", () => showCell(button));
  const used = buttons.filter((button) => !button.disabled);
  const mistakes = used.filter((button) => button.dataset.truth !== button.dataset.guess);
  const size = (button) => Number(button.dataset.count);
  const first = (mistakes.length > 0 ? mistakes : used).sort((a, b) => size(b) - size(a))[0];
  if (first) showCell(first);
}

function signedBytes(text) {
  return Int8Array.from(atob(text), (character) => (character.charCodeAt(0) << 24) >> 24);
}

function channels(hex) {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}

// 255 colours: full negative, neutral, full positive.
function palette() {
  const [neutral, positive, negative] = ["neutral", "positive", "negative"].map((name) => channels(color("map-" + name)));
  return Array.from({ length: 255 }, (_, i) => {
    const part = (i - 127) / 127;
    const end = part < 0 ? negative : positive;
    return `rgb(${neutral.map((from, c) => Math.round(from + Math.abs(part) * (end[c] - from))).join(",")})`;
  });
}

// maps: {rows, columns, bytes}; `perLine` of them side by side, a value `zoom` pixels wide.
function drawMaps(canvas, maps, perLine, zoom) {
  const { rows, columns, bytes } = maps;
  const number = bytes.length / (rows * columns);
  const gap = rows * columns === 1 ? 1 : kGap;
  const lines = Math.ceil(number / perLine);
  canvas.width = Math.min(number, perLine) * (columns * zoom + gap) - gap;
  canvas.height = lines * (rows * zoom + gap) - gap;
  const context = canvas.getContext("2d");
  const colors = palette();
  bytes.forEach((value, i) => {
    const map = Math.floor(i / (rows * columns));
    const y = Math.floor((i % (rows * columns)) / columns);
    context.fillStyle = colors[value + 127];
    context.fillRect((map % perLine) * (columns * zoom + gap) + (i % columns) * zoom,
      Math.floor(map / perLine) * (rows * zoom + gap) + y * zoom, zoom, zoom);
  });
}

function drawLayerOutput(parent, layer, which) {
  const { rows, columns, shown, channels: all, samples } = layer;
  const canvas = element("canvas", { role: "img", "aria-label": `${shown} maps of ${rows} by ${columns}` });
  const zoom = rows * columns === 1 ? 11 : Math.min(8, Math.max(1, Math.round(72 / columns)));
  const gap = rows * columns === 1 ? 1 : kGap;
  const perLine = Math.max(1, Math.floor((parent.clientWidth + gap) / (columns * zoom + gap)));
  drawMaps(canvas, { rows, columns, bytes: signedBytes(samples[which].values) }, Math.min(perLine, shown), zoom);
  const left = all > shown ? `, the first ${shown} of ${all}` : "";
  parent.replaceChildren(canvas, element("p", { class: "caption" }, `largest magnitude ${significant(samples[which].scale)}${left}`));
}

function showDigit(which) {
  document.querySelectorAll("#digits button").forEach((button, i) => button.setAttribute("aria-pressed", i === which));
  for (const parent of document.querySelectorAll(".maps")) {
    drawLayerOutput(parent, report.feature_maps[Number(parent.dataset.layer)], which);
  }
  const { probabilities } = report.samples[report.digits[which]];
  document.getElementById("probabilities").replaceChildren(...probabilities.flatMap((value, k) => {
    const bar = element("i");
    bar.style.width = 100 * value + "%";
    return [element("span", {}, String(k)), bar, element("span", {}, percent(value))];
  }));
}

function featureMaps() {
  let chosen = 0;
  const buttons = report.digits.map((place, i) => {
    const button = element("button", { type: "button", "aria-label": `class ${report.samples[place].truth}` }, picture(place));
    button.addEventListener("click", () => showDigit((chosen = i)));
    return button;
  });
  document.getElementById("digits").append(...buttons);
  if (buttons.length === 0) return;
  redraws.push(() => showDigit(chosen));
  addEventListener("resize", () => showDigit(chosen));
}

// (outputs, inputs, rows, columns) with a column of pictures for each output.
function transposed(bytes, { outputs, inputs, rows, columns }) {
  const area = rows * columns;
  return bytes.map((_, i) => {
    const kernel = Math.floor(i / area);
    return bytes[((kernel % outputs) * inputs + Math.floor(kernel / outputs)) * area + (i % area)];
  });
}

function kernels() {
  const parent = document.getElementById("kernel-layers");
  if (!parent) return;
  for (const layer of report.kernels) {
    const canvas = element("canvas", { role: "img", "aria-label": `kernels of ${layer.layer}` });
    const left = layer.left_out > 0 ? `; ${layer.left_out} kernels are left out` : "";
    parent.append(element("h3", {}, layer.layer), element("div", { class: "wide" }, canvas),
      element("p", { class: "caption" }, `${layer.shape}, largest magnitude ${significant(layer.scale)}${left}`));
    redraws.push(() => {
      const room = Math.floor((parent.clientWidth / layer.outputs - kGap) / layer.columns);
      drawMaps(canvas, { ...layer, bytes: transposed(signedBytes(layer.values), layer) }, layer.outputs,
        Math.min(9, Math.max(2, room)));
    });
  }
}

// A line through the figures that were measured, in a box of 100 x 20.
function courses() {
  for (const place of document.querySelectorAll("[data-course]")) {
    const values = JSON.parse(place.dataset.course);
    const known = values.filter((value) => value !== null);
    const [low, high] = [Math.min(...known), Math.max(...known)];
    const y = (value) => 18 - 16 * (high > low ? (value - low) / (high - low) : 0.5);
    const points = values.flatMap((value, i) => value === null ? [] : [`${(100 * i) / (values.length - 1)},${y(value)}`]);
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const line = document.createElementNS("http://www.w3.org/2000/svg", "polyline");
    svg.setAttribute("viewBox", "0 0 100 20");
    svg.setAttribute("preserveAspectRatio", "none");
    svg.setAttribute("aria-hidden", "true");
    line.setAttribute("points", points.join(" "));
    svg.append(line);
    place.append(svg);
  }
}

async function drawRun() {
  if (document.getElementById("charts")) curves();
  courses();
  kernels();
  if (report.sheet) {
    sheet.src = report.sheet.uri;
    await sheet.decode();
    document.querySelectorAll("canvas[data-picture]").forEach(drawPicture);
    featureMaps();
  }
  if (document.getElementById("matrix")) shadeMatrix();
  redraw();
  document.documentElement.dataset.drawn = "true";
}

drawRun();
