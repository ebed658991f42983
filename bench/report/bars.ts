/**
 * The questions that bars and dots answer: memory per session, calls by name, what a copy costs.
 * Each plot is a figure of document.ts, with the same numbers as a table.
 *
 * @module
 */

import type { Analysis } from "../claims/analysis.ts";
import { callsPerOperation } from "../claims/figures.ts";
import type { SubjectCard } from "../record.ts";
import type { Summary } from "../claims/inference.ts";
import type { Row } from "../claims/series.ts";
import { median } from "../claims/statistics.ts";
import type { Figure } from "./document.ts";
import { interval, number } from "./numbers.ts";
import { lookOf, modelsOf, rowsAt } from "./plots.ts";
import {
  axes,
  element,
  type Frame,
  inFrame,
  label,
  line,
  linearAxis,
  logAxis,
  mark,
  NO_AXIS,
  picture,
  type Tag,
  tags,
  textWidth,
} from "./svg.ts";

/** Pixels per row of a plot with a row per subject. */
const ROW = 22;

/** Room on the left for the longest of `names`. */
function leftOf(names: readonly string[]): number {
  return 12 + Math.max(0, ...names.map(textWidth));
}

/** KiB per idle session, with intervals. */
export function memoryPerSession(analysis: Analysis): Figure | undefined {
  const found = analysis.run.header.subjects.flatMap((subject) => {
    const summary = analysis.summary(analysis.memorySlope(subject.id));
    return summary === undefined ? [] : [{ subject, summary }];
  }).toSorted((left, right) => left.summary.median - right.summary.median);
  // A slope of nothing or less is noise, and has no place on a logarithmic axis.
  const shown = found.filter(({ summary }) => summary.median > 0);
  if (shown.length === 0) return undefined;
  const question = "What does a session that says nothing cost?";
  const described = found.map(({ subject, summary }) =>
    `${subject.id}: ${number(summary.median)} KiB`
  );
  return {
    kind: "figure",
    id: "memory-per-session",
    question,
    caption: "KiB per idle session: the slope of a line through the memory of the process tree " +
      "at several numbers of sessions, fitted in each block; lines are intervals of the medians. Left is " +
      "good; the axis is logarithmic.",
    draw: (width, id) => {
      const ends = shown.flatMap(({ summary }) =>
        [summary.median, ...summary.interval].filter((value) => value > 0)
      );
      const height = shown.length * ROW + 70;
      const frame: Frame = {
        left: leftOf(shown.map(({ subject }) => subject.id)),
        right: width - 64,
        top: 4,
        bottom: height - 44,
      };
      const x = logAxis("KiB per idle session", ends);
      const rows = shown.map(({ subject, summary }, index) =>
        dotRow(analysis, frame, x, subject, summary, frame.top + (index + 0.5) * ROW + 4)
      );
      const content = axes(frame, x, NO_AXIS) + rows.join("");
      return picture(width, height, id, question, described.join("; "), content);
    },
    table: {
      kind: "table",
      caption: "KiB per idle session (slope, median of blocks and its interval)",
      columns: [
        { title: "Subject" },
        { title: "KiB", align: "right" },
        { title: "Interval", align: "right" },
        { title: "Blocks", align: "right" },
      ],
      rows: found.map(({ subject, summary }) => [
        subject.id,
        number(summary.median),
        interval(summary),
        String(summary.count),
      ]),
    },
  };
}

function dotRow(
  analysis: Analysis,
  frame: Frame,
  x: ReturnType<typeof logAxis>,
  subject: SubjectCard,
  summary: Summary,
  y: number,
): string {
  const at = inFrame(frame, x, x);
  const look = lookOf(analysis, subject);
  const [low, high] = summary.interval.map((end) => Math.max(frame.left, at.x(end)));
  const dot = at.x(summary.median);
  return line([[frame.left, y], [frame.right, y]], "rule") +
    label(frame.left - 8, y + 4, subject.id, { anchor: "end", look: `tag ${look.tone}` }) +
    line([[low!, y], [high!, y]], `whisker ${look.tone}`) + mark(dot, y, look) +
    label(Math.max(dot, high!) + 9, y + 4, number(summary.median), { look: "value" });
}

/** Names with a share of their own in the plot; the rest are one. */
const CALL_NAMES_MAX = 7;

/** A bar that is longer than this many times the median bar is cut, or no other would be seen. */
const BAR_CUT = 3;

/** System calls per request, by name. */
export function callsByName(analysis: Analysis): Figure | undefined {
  const outside = countedFromOutside(analysis);
  const bars = outside.length > 0 ? outside : modelsOf(analysis).flatMap((subject) => {
    const row = rowsAt(analysis, subject, "requests")
      .find(({ point, scenario }) => point.id === scenario.headline.point);
    const calls = row && medianCalls(row);
    return calls === undefined || calls.size === 0 ? [] : [{ subject, calls }];
  });
  if (bars.length === 0) return undefined;
  const source = outside.length > 0
    ? "They were counted from outside, in a pass of their own: all of them, the runtime's too."
    : "Each model counted its own; what async asks of the runtime is not seen from inside.";
  const totals = bars.map(({ calls }) => totalOf(calls));
  const cut = Math.max(BAR_CUT * median(totals), 1e-9);
  // A name matters as much as it does in the bars that are not cut.
  const weight = (name: string) =>
    bars.reduce((sum, { calls }) => sum + (calls.get(name) ?? 0) / Math.max(1, totalOf(calls)), 0);
  const names = [...new Set(bars.flatMap(({ calls }) => [...calls.keys()]))]
    .toSorted((left, right) => weight(right) - weight(left));
  const question = "How often is the kernel asked for one request?";
  return {
    kind: "figure",
    id: "calls-by-name",
    question,
    caption: "System calls of the server per request, by name; 16 clients in a closed loop. " +
      `Bars that would hide all others are cut; the number at the end is their whole length. ` +
      source,
    draw: (width, id) => {
      const height = bars.length * (ROW + 6) + 58;
      const frame: Frame = {
        left: leftOf(bars.map(({ subject }) => subject.id)),
        right: width - 60,
        top: 0,
        bottom: height - 44,
      };
      const most = Math.min(cut, Math.max(...totals));
      const x = linearAxis("Calls per request", most);
      const rows = bars.map((bar, index) => {
        const y = frame.top + index * (ROW + 6) + 6;
        return stackedRow(analysis, frame, x, bar, names, most, y);
      });
      const said = bars.map(({ subject, calls }) => `${subject.id}: ${number(totalOf(calls))}`);
      const content = axes(frame, x, NO_AXIS) + rows.join("");
      return picture(width, height, id, question, said.join("; "), content);
    },
    table: {
      kind: "table",
      caption: "System calls per request, by name (medians over blocks)",
      columns: [
        { title: "Model" },
        { title: "all", align: "right" },
        ...names.map((title) => ({ title, align: "right" as const })),
      ],
      rows: bars.map(({ subject, calls }) => [
        subject.id,
        number(totalOf(calls)),
        ...names.map((name) => calls.has(name) ? number(calls.get(name)) : "–"),
      ]),
    },
  };
}

/** Of all subjects that were counted from outside at control requests. */
function countedFromOutside(analysis: Analysis) {
  return analysis.run.header.subjects.flatMap((subject) => {
    const found = analysis.run.counts.find((count) =>
      count.subject === subject.id && count.scenario === analysis.tagged("requests")?.id &&
      count.failure === undefined && count.operations > 0
    );
    if (found === undefined) return [];
    const each = Object.entries(found.calls).filter(([, calls]) => calls > 0)
      .map(([name, calls]): [string, number] => [name, calls / found.operations]);
    return [{ subject, calls: new Map(each) }];
  });
}

/** Of a row, medians over its blocks by name. */
export function medianCalls(row: Row): ReadonlyMap<string, number> | undefined {
  const blocks = row.cells.flatMap((cell) => callsPerOperation(cell) ?? []);
  if (blocks.length === 0) return undefined;
  const names = new Set(blocks.flatMap((block) => [...block.keys()]));
  const medians = [...names].map((name): [string, number] => [
    name,
    median(blocks.map((block) => block.get(name) ?? 0)),
  ]);
  return new Map(medians.filter(([, calls]) => calls > 0));
}

function totalOf(calls: ReadonlyMap<string, number>): number {
  return [...calls.values()].reduce((sum, each) => sum + each, 0);
}

function stackedRow(
  analysis: Analysis,
  frame: Frame,
  x: ReturnType<typeof linearAxis>,
  bar: { readonly subject: SubjectCard; readonly calls: ReadonlyMap<string, number> },
  names: readonly string[],
  most: number,
  y: number,
): string {
  const { subject, calls } = bar;
  const at = inFrame(frame, x, x);
  const total = totalOf(calls);
  // What the count itself could not tell apart is part of the same rest.
  const own = names.filter((name) => name !== "others").slice(0, CALL_NAMES_MAX);
  const parts: [string, number, number][] = own.map((
    name,
    index,
  ) => [name, calls.get(name) ?? 0, index]);
  const others = total - parts.reduce((sum, [, each]) => sum + each, 0);
  parts.push(["others", others, CALL_NAMES_MAX]);
  let from = 0;
  const unnamed: string[] = [];
  const drawn = parts.flatMap(([name, each, index]) => {
    const [left, right] = [at.x(Math.min(from, most)), at.x(Math.min(from + each, most))];
    from += each;
    if (right - left < 0.5) return [];
    const box = { x: left, y, width: right - left, height: ROW, class: `part p${index}` };
    if (right - left <= textWidth(name)) {
      unnamed.push(`${name} ${number(each)}`);
      return [element("rect", box)];
    }
    const look = { anchor: "middle", look: `inside p${index}` } as const;
    return [element("rect", box), label((left + right) / 2, y + 15, name, look)];
  });
  const end = at.x(Math.min(total, most));
  const broken = total <= most ? "" : line([[end - 10, y - 3], [end - 4, y + ROW + 3]], "cut") +
    line([[end - 5, y - 3], [end + 1, y + ROW + 3]], "cut");
  const { tone } = lookOf(analysis, subject);
  const sum = number(total);
  // Parts too narrow for their names are named behind the bar, where there is room.
  const behind = unnamed.length === 0 ? "" : `with ${unnamed.join(", ")}`;
  const place = end + 14 + textWidth(sum);
  const fits = place + textWidth(behind) < frame.right + 60;
  return label(frame.left - 8, y + 15, subject.id, { anchor: "end", look: `tag ${tone}` }) +
    drawn.join("") + broken + label(end + 7, y + 15, sum, { look: "value" }) +
    (fits && behind !== "" ? label(place, y + 15, behind, { look: "tick" }) : "");
}

/** CPU per GB against copies through user space. */
export function costOfCopying(analysis: Analysis): Figure | undefined {
  const ways = [["down", "download"], ["up", "upload"]] as const;
  const found = analysis.run.header.subjects.flatMap((subject) =>
    ways.flatMap(([point, way]) => {
      const row = rowsAt(analysis, subject, "copies").find((one) => one.point.id === point);
      if (row === undefined) return [];
      const cpu = analysis.summary(analysis.series(row, "cpuPerGB"));
      const copies = analysis.summary(analysis.series(row, "copies"));
      return cpu === undefined ? [] : [{ subject, way, cpu, copies }];
    })
  );
  if (found.length === 0) return undefined;
  const question = "What does a copy cost?";
  return {
    kind: "figure",
    id: "cost-of-copying",
    question,
    caption: "CPU seconds of the server per GB, against octets that it copied through user space " +
      "per octet of payload. Whether peers copy is not counted from outside: they stand at the " +
      "right, in a column of their own. Low is good.",
    draw: (width, id) => {
      const across = width >= 600 ? 2 : 1;
      const panelWidth = (width - (across - 1) * 24) / across;
      const panelHeight = 340;
      const most = Math.max(...found.map(({ cpu }) => cpu.interval[1]));
      const panels = ways.filter(([, way]) => found.some((one) => one.way === way))
        .map(([, way], index) => {
          const left = (index % across) * (panelWidth + 24);
          const top = Math.floor(index / across) * (panelHeight + 12);
          const own = found.filter((one) => one.way === way);
          return `<g transform="translate(${left} ${top})">` +
            label(4, 16, way, { look: "panel" }) +
            copyPanel(analysis, own, panelWidth, panelHeight, most) + "</g>";
        });
      const height = Math.ceil(panels.length / across) * (panelHeight + 12);
      const said = found.map(({ subject, way, cpu }) =>
        `${subject.id}, ${way}: ${number(cpu.median)} s`
      ).join("; ");
      return picture(width, height, id, question, said, panels.join(""));
    },
    table: {
      kind: "table",
      caption: "CPU seconds per GB and octets copied per octet (medians and intervals)",
      columns: [
        { title: "Subject" },
        { title: "Way" },
        { title: "CPU s/GB", align: "right" },
        { title: "Interval", align: "right" },
        { title: "Copied per octet", align: "right" },
      ],
      rows: found.map(({ subject, way, cpu, copies }) => [
        subject.id,
        way,
        number(cpu.median),
        interval(cpu),
        copies === undefined ? "not counted" : number(copies.median),
      ]),
    },
  };
}

function copyPanel(
  analysis: Analysis,
  found: readonly {
    readonly subject: SubjectCard;
    readonly cpu: Summary;
    readonly copies: Summary | undefined;
  }[],
  width: number,
  height: number,
  mostCpu: number,
): string {
  const counted = Math.max(1, ...found.map(({ copies }) => copies?.median ?? 0));
  // Names need room beside the last mark.
  const room = 30 + Math.max(...found.map(({ subject }) => textWidth(subject.id)));
  const frame: Frame = { left: 44, right: width - room, top: 52, bottom: height - 44 };
  const unknown = found.some(({ copies }) => copies === undefined);
  const span = counted + (unknown ? 1 : 0);
  const ticks = Array.from({ length: Math.floor(counted) + 1 }, (_, copies) => ({
    value: copies,
    text: String(copies),
  }));
  const x = {
    title: "Octets copied per octet",
    place: (value: number) => 0.04 + 0.96 * value / span,
    ticks: [...ticks, ...(unknown ? [{ value: span, text: "not counted" }] : [])],
  };
  const y = linearAxis("CPU s per GB", mostCpu);
  const at = inFrame(frame, x, y);
  const names: Tag[] = [];
  const marks = found.map(({ subject, cpu, copies }) => {
    const look = lookOf(analysis, subject);
    const place: [number, number] = [at.x(copies?.median ?? span), at.y(cpu.median)];
    names.push({ x: place[0], y: place[1], text: subject.id, tone: look.tone });
    const [low, high] = cpu.interval.map(at.y);
    return line([[place[0], low!], [place[0], high!]], `whisker ${look.tone}`) +
      mark(...place, look);
  });
  return axes(frame, x, y) + marks.join("") + tags(names, frame.top, frame.bottom - 4);
}
