"use strict";
// What the pages of runs and sweeps share. Data become text nodes and canvases, never markup.

const report = JSON.parse(document.getElementById("report-data").textContent);
const redraws = []; // run when the colours change

// Its legend is markup with styles of its own, which the page's policy does not let in.
Dygraph.PLUGINS = Dygraph.PLUGINS.filter((plugin) => plugin !== Dygraph.Plugins.Legend);

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

function color(name) {
  return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
}

// The rounding of `inspect`.
function figure(value) {
  if (value === null || Number.isNaN(value)) return "-";
  return Math.abs(value) < 1e4 ? value.toFixed(4) : value.toExponential(3);
}

function percent(value) {
  return value === null || Number.isNaN(value) ? "-" : (100 * value).toFixed(2) + " %";
}

function significant(value) {
  return value === null || Number.isNaN(value) ? "-" : String(Number(value.toPrecision(4)));
}

function count(value) {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

// Rows [x, y of series 1, ...] in the order of x; each series is {x: [...], y: [...]}.
function joined(series, extent) {
  const rows = new Map(extent.map((x) => [x, null]));
  for (const { x } of series) for (const value of x) rows.set(value, null);
  for (const x of rows.keys()) rows.set(x, [x, ...series.map(() => null)]);
  series.forEach(({ x, y }, k) => x.forEach((value, i) => (rows.get(value)[k + 1] = y[i])));
  return [...rows.values()].sort((a, b) => a[0] - b[0]);
}

function drawEpochs(context, area, chart) {
  const steps = report.curves.steps_per_epoch;
  if (!(steps > 0)) return;
  const [from, to] = chart.xAxisRange();
  const stride = Math.max(1, Math.ceil((to - from) / steps / 30));
  context.strokeStyle = color("epoch");
  context.setLineDash([2, 3]);
  for (let epoch = stride; epoch * steps <= to; epoch += stride) {
    const x = Math.round(chart.toDomXCoord(epoch * steps)) + 0.5;
    if (x < area.x) continue;
    context.beginPath();
    context.moveTo(x, area.y);
    context.lineTo(x, area.y + area.h);
    context.stroke();
  }
  context.setLineDash([]);
}

// Charts that show the same steps, and values of the same step: {chart, show(x), rest()}.
const linked = [];
let shownSteps = null; // [from, to]; null: all

function follow(chart) {
  const steps = chart.isZoomed("x") ? chart.xAxisRange() : null;
  if (String(steps) === String(shownSteps)) return;
  shownSteps = steps;
  for (const other of linked) if (other.chart !== chart) other.chart.updateOptions({ dateWindow: steps });
}

function showValues(legend, where, values, format) {
  legend.firstChild.textContent = where;
  legend.querySelectorAll("output").forEach((output, i) => {
    output.textContent = values[i] === null || Number.isNaN(values[i]) ? "-" : format(values[i]);
  });
}

function legendOf(series) {
  const entries = series.map(({ label, tint }) => {
    const mark = element("i");
    redraws.push(() => (mark.style.background = color(tint)));
    return element("span", {}, mark, label + " ", element("output"));
  });
  return element("div", { class: "legend" }, element("span", { class: "where" }), ...entries);
}

function logSwitch(chart) {
  const box = element("input", { type: "checkbox" });
  box.addEventListener("change", () => chart.updateOptions({ logscale: box.checked }));
  return element("label", { class: "switch" }, box, " logarithmic");
}

// The chart's part in what all of them show.
function link(chart, legend, rows, series, about) {
  const last = series.map(({ y }) => [...y].reverse().find((value) => value !== null) ?? null);
  const byStep = new Map(rows.map(([step, ...values], row) => [step, { row, values }]));
  const rest = () => {
    chart.clearSelection();
    showValues(legend, "", last, about.format);
  };
  const show = (step) => {
    const found = byStep.get(step);
    if (!found) return rest();
    chart.setSelection(found.row);
    showValues(legend, about.where(step), found.values, about.format);
  };
  linked.push({ chart, show, rest });
  rest();
}

// series: [{label, tint, x, y, points}]; about: {title, unit, format, extent, log, where}
function addChart(parent, series, about) {
  const plot = element("div", { class: "plot" });
  const caption = element("figcaption", {}, element("b", {}, about.title), about.unit);
  const legend = legendOf(series);
  parent.append(element("figure", { class: "chart" }, caption, legend, plot));
  const options = {};
  for (const s of series) options[s.label] = { drawPoints: s.points, pointSize: 3, strokeWidth: s.points ? 1.5 : 1.2 };
  const rows = joined(series, about.extent);
  const chart = new Dygraph(plot, rows, {
    labels: ["step", ...series.map((s) => s.label)],
    series: options,
    connectSeparatedPoints: true,
    xlabel: "step",
    axes: {
      x: { axisLabelFormatter: (x) => (Number.isInteger(Number(x.toFixed(6))) ? count(Math.round(x)) : ""), drawGrid: false },
      y: { axisLabelFormatter: about.axis || significant, axisLabelWidth: 54 },
    },
    highlightCircleSize: 4,
    xRangePad: 4,
    underlayCallback: drawEpochs,
    drawCallback: (drawn, initial) => initial || follow(drawn),
    highlightCallback: (event, x) => linked.forEach(({ show }) => show(x)),
    unhighlightCallback: () => linked.forEach(({ rest }) => rest()),
  });
  link(chart, legend, rows, series, about);
  if (about.log) caption.append(logSwitch(chart));
  redraws.push(() => chart.updateOptions({
    colors: series.map((s) => color(s.tint)),
    gridLineColor: color("grid"),
    axisLineColor: color("line"),
  }));
}

function redraw() {
  for (const draw of redraws) draw();
}

// Printed in light colours and as wide as the paper.
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
matchMedia("print").addEventListener("change", () => {
  for (const { chart } of linked) chart.resize();
  redraw();
});
