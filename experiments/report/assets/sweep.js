"use strict";
// Draws a sweep: parallel coordinates and effects by d3, curves by dygraphs, and a table that sorts.

const { metric, parameters, trials, best } = report;
const formatMetric = metric.is_share ? percent : figure;
const kHeight = 300;

// A trial is told by its number: names may hold anything.
function describe(number) {
  const { values, metric: value, status } = trials[number];
  const settings = parameters.map(({ key }, i) => `${key} ${values[i]}`);
  return `#${number + 1}  ${settings.join(", ")}: ` + (value === null ? status : `${metric.name} ${formatMetric(value)}`);
}

function point(number) {
  for (const place of document.querySelectorAll(".pointed")) place.textContent = number === null ? "\u00a0" : describe(number);
  for (const mark of document.querySelectorAll("[data-number]")) {
    mark.classList.toggle("chosen", Number(mark.dataset.number) === number);
  }
  document.querySelectorAll("#table tbody tr").forEach((row) => {
    row.classList.toggle("chosen", number !== null && row.dataset.trial === trials[number].name);
  });
}

function answer(selection, numberOf) {
  return selection.attr("data-number", numberOf)
    .on("mouseenter", (d) => point(numberOf(d))).on("click", (d) => point(numberOf(d))).on("mouseleave", () => point(null));
}

// In the order of drawing.
function bestLast() {
  return d3.range(trials.length).sort((a, b) => (a === best) - (b === best));
}

// 0 for the worst figure, 1 for the best.
function merit() {
  const known = trials.map((trial) => trial.metric).filter((value) => value !== null);
  const [low, high] = d3.extent(known);
  return (value) => (high > low ? (metric.maximize ? value - low : high - value) / (high - low) : 1);
}

// From small to large along `range`; texts in their order of appearance.
function scaleOf(values, isLog, range) {
  const known = values.filter((value) => value !== null);
  if (!known.every((value) => typeof value === "number")) return d3.scale.ordinal().domain(known).rangePoints(range, 0.5);
  let [low, high] = d3.extent(known);
  if (low === high) [low, high] = isLog ? [low / 2, high * 2] : [low - Math.abs(low || 1) / 10, high + Math.abs(high || 1) / 10];
  return (isLog ? d3.scale.log() : d3.scale.linear()).domain([low, high]).range(range);
}

function isOrdinal(scale) {
  return scale.rangePoints !== undefined;
}

// An axis names the values that there are, as long as they are few; else round ones.
function axisOf(scale, values, isLog, orient) {
  const distinct = [...new Set(values.filter((value) => value !== null))];
  const axis = d3.svg.axis().scale(scale).orient(orient).innerTickSize(4).outerTickSize(0);
  if (isOrdinal(scale)) return axis.tickFormat((value) => shortened(String(value)));
  axis.tickFormat((value) => String(Number(value.toPrecision(3))));
  if (distinct.length <= 7 && apart(distinct.map(scale), orient === "bottom" ? 40 : 16)) return axis.tickValues(distinct);
  const ticks = scale.ticks(5);
  return axis.tickValues(isLog && ticks.length > 7 ? ticks.filter((value) => /^[125]/.test(value.toExponential())) : ticks);
}

function apart(places, least) {
  const sorted = [...places].sort((a, b) => a - b);
  return sorted.every((place, i) => i === 0 || place - sorted[i - 1] > least);
}

function shortened(text) {
  return text.length > 14 ? text.slice(0, 13) + "\u2026" : text;
}

function picture(parent, width, height, label) {
  return d3.select(parent).append("svg").attr({ width, height, role: "img", "aria-label": label });
}

function dimensions() {
  const axes = parameters.map(({ key, is_log: isLog }, i) => ({ key, isLog, values: trials.map((t) => t.values[i]) }));
  return [...axes, { key: metric.name, isLog: false, values: trials.map((t) => t.metric) }];
}

function coordinates() {
  const parent = document.getElementById("coordinates");
  parent.replaceChildren();
  const axes = dimensions();
  const width = Math.max(parent.clientWidth, 110 * axes.length);
  const svg = picture(parent, width, kHeight + 50, "parallel coordinates");
  const x = d3.scale.ordinal().domain(d3.range(axes.length)).rangePoints([64, width - 60]);
  for (const axis of axes) axis.scale = scaleOf(axis.values, axis.isLog, [kHeight + 32, 44]);
  const line = (number) => {
    const known = axes.filter(({ values }) => values[number] !== null);
    return known.map(({ scale, values }, i) => `${i === 0 ? "M" : "L"}${x(i)},${scale(values[number])}`).join("");
  };
  const byMerit = merit();
  const lines = svg.append("g").attr("class", "trial-lines").selectAll("g").data(bestLast()).enter().append("g");
  answer(lines, (number) => number);
  lines.classed("best", (number) => number === best);
  lines.append("path").attr("d", line).attr("class", "seen").style("stroke-dasharray", (n) => (trials[n].metric === null ? "3 3" : null))
    .style("stroke-opacity", (n) => (trials[n].metric === null ? 0.5 : 0.2 + 0.7 * byMerit(trials[n].metric)));
  lines.append("path").attr("d", line).attr("class", "reach");
  axes.forEach(({ key, isLog, scale, values }, i) => {
    const g = svg.append("g").attr("class", "axis").attr("transform", `translate(${x(i)},0)`);
    const drawn = axisOf(scale, values, isLog, i === axes.length - 1 ? "right" : "left");
    if (i === axes.length - 1 && metric.is_share) drawn.tickFormat((value) => String(Number((100 * value).toPrecision(4))) + " %");
    g.call(drawn);
    const name = g.append("text").attr({ class: "name", y: 14, "text-anchor": "middle" });
    const [, group, last] = key.match(/^(?:(.*)[._])?(.*)$/s);
    name.append("tspan").attr({ x: 0 }).text(shortened(group || ""));
    name.append("tspan").attr({ x: 0, dy: "1.15em" }).text(shortened(last) + (isLog ? " (log)" : ""));
  });
}

function strip(parent, { key, is_log: isLog }, index) {
  const known = bestLast().map((number) => ({ number, value: trials[number].values[index], y: trials[number].metric,
    isDone: trials[number].status === "done" })).filter(({ y }) => y !== null);
  if (known.length === 0) return;
  const box = element("figure", { class: "chart" }, element("figcaption", {}, element("b", {}, key), isLog ? "logarithmic" : ""));
  parent.append(box);
  const [width, height] = [box.clientWidth, 230];
  const svg = picture(box, width, height, `${metric.name} by ${key}`);
  const x = scaleOf(known.map(({ value }) => value), isLog, [76, width - 24]);
  const y = scaleOf(known.map((dot) => dot.y), false, [height - 48, 12]);
  const yAxis = d3.svg.axis().scale(y).orient("left").ticks(5).innerTickSize(4).outerTickSize(0)
    .tickFormat((value) => (metric.is_share ? String(Number((100 * value).toPrecision(4))) + " %" : significant(value)));
  svg.append("g").attr("class", "axis").attr("transform", "translate(60,0)").call(yAxis);
  svg.append("g").attr("class", "axis").attr("transform", `translate(0,${height - 36})`)
    .call(axisOf(x, known.map(({ value }) => value), isLog, "bottom"));
  const groups = d3.nest().key(({ value }) => value).entries(known.filter(({ isDone }) => isDone)).map(({ values }) => ({
    x: x(values[0].value), y: y(d3.mean(values, (dot) => dot.y)), n: values.length }));
  const repeated = groups.filter(({ n }) => n > 1);
  svg.append("g").selectAll("line").data(repeated).enter().append("line").attr("class", "mean")
    .attr({ x1: (g) => g.x - 11, x2: (g) => g.x + 11, y1: (g) => g.y, y2: (g) => g.y });
  if (repeated.length > 0 && apart(groups.map((group) => group.x), 40)) {
    svg.append("g").selectAll("text").data(groups).enter().append("text").attr("class", "n")
      .attr({ x: (g) => g.x, y: height - 4, "text-anchor": "middle" }).text((g) => `n = ${g.n}`);
  }
  const dots = svg.append("g").selectAll("circle").data(known).enter().append("circle")
    .attr({ cx: (dot) => x(dot.value), cy: (dot) => y(dot.y), r: 4 });
  answer(dots, (dot) => dot.number).classed("best", (dot) => dot.number === best).classed("unfinished", (dot) => !dot.isDone);
}

function strips() {
  const parent = document.getElementById("strips");
  parent.replaceChildren();
  parameters.forEach((parameter, i) => strip(parent, parameter, i));
}

// One line per trial, its `curve`; trials without it are left out.
function overlay(title, unit, curve, points, axis) {
  const drawn = bestLast().filter((number) => trials[number][curve].x.length > 0);
  if (drawn.length === 0) return;
  const plot = element("div", { class: "plot" });
  document.getElementById("charts").append(
    element("figure", { class: "chart" }, element("figcaption", {}, element("b", {}, title), unit), plot));
  const rows = joined(drawn.map((number) => trials[number][curve]), [0]);
  const options = {};
  for (const number of drawn) {
    options[number] = { drawPoints: points, pointSize: 2.5, strokeWidth: number === best ? 3 : 1 };
  }
  const chart = new Dygraph(plot, rows, {
    labels: ["step", ...drawn.map(String)],
    series: options,
    connectSeparatedPoints: true,
    xlabel: "step",
    axes: {
      x: { axisLabelFormatter: (x) => (Number.isInteger(Number(x.toFixed(6))) ? count(Math.round(x)) : ""), drawGrid: false },
      y: { axisLabelFormatter: axis, axisLabelWidth: 54 },
    },
    xRangePad: 4,
    highlightSeriesOpts: { strokeWidth: 3 },
    highlightSeriesBackgroundAlpha: 1,
    drawCallback: (me, initial) => initial || follow(me),
    highlightCallback: (event, x, shown, row, name) => point(Number(name)),
    unhighlightCallback: () => point(null),
  });
  linked.push({ chart });
  redraws.push(() => chart.updateOptions({
    colors: drawn.map((number) => (number === best ? color("series-2") : color("line-many"))),
    gridLineColor: color("grid"),
    axisLineColor: color("line"),
  }));
}

// Numbers by size, texts by their letters, what is missing last.
function compare(a, b) {
  const [x, y] = [a, b].map((cell) => ("value" in cell.dataset ? JSON.parse(cell.dataset.value) : cell.textContent));
  if (x === null || y === null) return (x === null) - (y === null);
  return typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y));
}

function sortable(table) {
  const heads = [...table.querySelectorAll("thead th")];
  heads.forEach((head, column) => head.firstChild.addEventListener("click", () => {
    const descends = head.getAttribute("aria-sort") === "ascending";
    for (const other of heads) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", descends ? "descending" : "ascending");
    const rows = [...table.tBodies[0].rows].sort((a, b) => (descends ? -1 : 1) * compare(a.cells[column], b.cells[column]));
    table.tBodies[0].append(...rows);
  }));
}

function drawSweep() {
  redraws.push(coordinates, strips);
  addEventListener("resize", () => {
    coordinates();
    strips();
  });
  overlay("Loss", "nat, of training batches", "loss_curve", false, significant);
  overlay(metric.name, metric.is_share ? "%" : "nat", "metric_curve", true,
    metric.is_share ? (value) => significant(100 * value) : significant);
  sortable(document.getElementById("table"));
  redraw();
  document.documentElement.dataset.drawn = "true";
}

drawSweep();
