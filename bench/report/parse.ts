/**
 * Reads the file that a run left behind: JSON lines, checked as far as a report relies on them. What
 * is wrong is one line with the number of the line; a last line that was cut off is forgiven, since
 * that is what an interrupted run leaves.
 *
 * @module
 */

import { RunError } from "../claims/figures.ts";
import type { Part, Run } from "../claims/run.ts";
import type {
  AgreementRecord,
  CeilingRecord,
  CellRecord,
  CountRecord,
  EndRecord,
  HeaderRecord,
  ResumeRecord,
  RunRecord,
} from "../record.ts";

/** The formats that this version reads. */
const FORMATS: readonly unknown[] = [2, 3];

/**
 * Reads `text`; `file` is its name for the reader of a report.
 *
 * @throws {RunError} when it is no run.
 */
export function parseRun(text: string, file?: string): Run {
  const lines = text.split("\n");
  const notes: string[] = [];
  let header: HeaderRecord | undefined;
  let end: EndRecord | undefined;
  const parts: Part[] = [];
  const begin = (record: HeaderRecord | ResumeRecord) => {
    const { startedAt, before } = record;
    parts.push({ startedAt, before, ...(record.kind === "resume" ? joinedFrom(record) : {}) });
  };
  const cells: CellRecord[] = [];
  const counts: CountRecord[] = [];
  const ceilings: CeilingRecord[] = [];
  const agreements: AgreementRecord[] = [];
  for (const [index, line] of lines.entries()) {
    if (line.trim() === "") continue;
    const record = readLine(line, index, header);
    if (record === undefined) {
      // Only the last line has no line feed: the run was cut off while it wrote this.
      if (index !== lines.length - 1 || header === undefined) {
        throw new RunError(`Cannot read line ${index + 1}: it is not JSON`);
      }
      notes.push(`The last line (${index + 1}) of the file is cut off and was left out.`);
      continue;
    }
    if (record.kind === "run") {
      header = record;
      begin(record);
    } else if (record.kind === "resume") {
      end = undefined;
      begin(record);
      notes.push(resumption(record));
    } else if (record.kind === "cell") cells.push(record);
    else if (record.kind === "count") counts.push(record);
    else if (record.kind === "ceiling") ceilings.push(record);
    else if (record.kind === "agreement") agreements.push(record);
    else {
      end = record;
      parts.push({ ...parts.pop()!, after: record.after });
    }
  }
  if (header === undefined) throw new RunError("Cannot read a run from an empty file");
  if (end === undefined) {
    notes.push("The run has no end: it was killed, so some cells may be missing.");
  } else if (end.incomplete !== undefined) {
    notes.push(`The run is not complete: ${end.incomplete}.`);
  }
  if (header.format === 2) {
    notes.push(
      "The run is of an earlier edition (format 2): CPU of threads that ended is missing, whole " +
        "subjects were measured one after the other, and ceilings once, before the run.",
    );
  }
  return {
    header,
    cells,
    ceilings,
    agreements,
    counts,
    parts,
    ...(end === undefined ? {} : { end }),
    notes: [...notes, ...header.notes],
    ...(file === undefined ? {} : { file }),
  };
}

/** What a joined run has of its own. */
function joinedFrom(record: ResumeRecord): Partial<Part> {
  const { scenarios, machine, sources, args, repeats, seconds, seed, floors } = record;
  return {
    ...(args === undefined ? {} : { args }),
    ...(repeats === undefined ? {} : { repeats }),
    ...(seconds === undefined ? {} : { seconds }),
    ...(seed === undefined ? {} : { seed }),
    ...(floors === undefined ? {} : { floors }),
    ...(scenarios === undefined ? {} : { scenarios }),
    ...(machine === undefined ? {} : { machine }),
    ...(sources === undefined ? {} : { sources }),
  };
}

/** How a run went on, in a sentence. */
function resumption(
  { startedAt, block, dropped, cutOff, args, machine, sources }: ResumeRecord,
): string {
  if (args !== undefined) {
    const command = ["deno task bench", ...args].join(" ");
    const other = [
      ...(machine === undefined ? [] : ["on another machine"]),
      ...(sources === undefined ? [] : ["of other sources"]),
    ].join(" and ");
    const own = other === "" ? "" : ` It was ${other} (see Machine); nothing is compared across.`;
    return `A run of other scenarios, begun at ${startedAt}, was joined: ${command}.${own}`;
  }
  const again = dropped === 0
    ? ""
    : `; ${dropped} measurements of a block that was not whole were dropped`;
  const cut = cutOff ? "; a line that was cut off was dropped, too" : "";
  return `The run was interrupted, and went on at ${startedAt} with block ${
    block + 1
  }${again}${cut}.`;
}

/** A record, or undefined when the line is not JSON. */
function readLine(
  line: string,
  index: number,
  header: HeaderRecord | undefined,
): RunRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
  const wrong = complain(value, header);
  if (wrong !== undefined) throw new RunError(`Cannot read line ${index + 1}: ${wrong}`);
  return value as RunRecord;
}

/** What has to be there: names and what they are; "?" at the end: may be missing. */
type Shape = Readonly<Record<string, "string" | "number" | "array" | "object" | "object?">>;

const CELL: Shape = {
  subject: "string",
  scenario: "string",
  point: "string",
  block: "number",
  command: "array",
  introduction: "string",
  seconds: "number",
  groups: "object",
  server: "object?",
  loadCpuShare: "number",
  steal: "number",
  others: "number",
  errors: "object",
};

const SHAPES: Readonly<Record<string, Shape>> = {
  run: {
    args: "array",
    startedAt: "string",
    machine: "object",
    before: "object",
    repeats: "number",
    seconds: "number",
    seed: "number",
    scenarios: "array",
    subjects: "array",
    floors: "object?",
    baseline: "string",
    notes: "array",
  },
  cell: CELL,
  agreement: { ...CELL, load: "string" },
  count: {
    subject: "string",
    scenario: "string",
    point: "string",
    operations: "number",
    calls: "object",
  },
  ceiling: { scenario: "string", point: "string", block: "number", note: "string" },
  end: { after: "object" },
  resume: {
    startedAt: "string",
    before: "object",
    block: "number",
    dropped: "number",
    floors: "object?",
  },
};

const GROUP: Shape = {
  clients: "number",
  unserved: "number",
  operations: "number",
  octets: "number",
  unfinished: "number",
  latency: "object?",
};

function complain(value: unknown, header: HeaderRecord | undefined): string | undefined {
  if (!isObject(value)) return "it is not a record";
  const { kind } = value;
  const shape = typeof kind === "string" && Object.hasOwn(SHAPES, kind) ? SHAPES[kind] : undefined;
  if (shape === undefined) return `unknown kind ${shown(kind)}`;
  if (kind === "run") {
    if (header !== undefined) return "a second header";
    if (!FORMATS.includes(value.format)) {
      return `format ${shown(value.format)}, this reads ${FORMATS.join(" and ")}`;
    }
  } else if (header === undefined) return "there is no header before it";
  const wrong = misshapen(value, shape);
  if (wrong !== undefined || header === undefined || kind === "end" || kind === "resume") {
    return wrong;
  }
  const cell = value as unknown as CellRecord | CountRecord;
  if (kind !== "ceiling" && !header.subjects.some(({ id }) => id === cell.subject)) {
    return `unknown subject ${shown(cell.subject)}`;
  }
  if (!header.scenarios.includes(cell.scenario)) return `unknown scenario ${shown(cell.scenario)}`;
  for (const [name, group] of Object.entries("groups" in cell ? cell.groups : {})) {
    const inside = isObject(group) ? misshapen(group, GROUP) : "it is not a record";
    if (inside !== undefined) return `group ${shown(name)}: ${inside}`;
  }
  return undefined;
}

function misshapen(value: Readonly<Record<string, unknown>>, shape: Shape): string | undefined {
  for (const [name, expected] of Object.entries(shape)) {
    const found = value[name];
    if (found === undefined && expected.endsWith("?")) continue;
    const fits = expected === "array"
      ? Array.isArray(found)
      : expected.startsWith("object")
      ? isObject(found)
      : expected === "number"
      ? typeof found === "number"
      : typeof found === "string";
    if (!fits) return `"${name}" is no ${expected.replace("?", "")}`;
  }
  return undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Quoted, and short: the text comes from the file. */
function shown(value: unknown): string {
  return (JSON.stringify(value) ?? "undefined").slice(0, 40);
}
