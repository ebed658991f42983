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

/** What a value has to be: of a type, or a record of some shape. */
type Expected = "string" | "number" | "boolean" | "array" | "object" | Shape;

/** What has to be there, by name; "[]" behind a name: each of a list, "?" at its end: if at all. */
interface Shape {
  readonly [name: string]: Expected;
}

const IDLENESS: Shape = { "load[]": "number", busy: "number" };

const MACHINE: Shape = {
  processor: "string",
  processors: "number",
  memory: "number",
  kernel: "string",
  "interruptsApart?": "boolean",
  deno: "string",
};

const SUBJECT: Shape = {
  id: "string",
  title: "string",
  kind: "string",
  "flags[]": "string",
  "twinOf?": "string",
  "rung?": "number",
  "version?": "string",
  "configuration?": "string",
};

const CELL: Shape = {
  subject: "string",
  scenario: "string",
  point: "string",
  block: "number",
  "command[]": "string",
  introduction: "string",
  "warmUp?": {
    seconds: "number",
    "unlevel[]?": "string",
    "level?": { rounds: "number", share: "number", roundsMax: "number" },
  },
  seconds: "number",
  groups: "object",
  "server?": { "calls?": "object" },
  loadCpuShare: "number",
  "quota?": "object",
  steal: "number",
  others: "number",
  errors: "object",
  "unable?": "string",
  "failure?": "string",
};

const SHAPES: Readonly<Record<string, Shape>> = {
  run: {
    "args[]": "string",
    startedAt: "string",
    machine: MACHINE,
    before: IDLENESS,
    repeats: "number",
    seconds: "number",
    seed: "number",
    "scenarios[]": "string",
    "sources?": "string",
    "subjects[]": SUBJECT,
    "floors?": "object",
    baseline: "string",
    "ceilings[]?": { scenario: "string", note: "string" },
    "quota?": { quotaUs: "number", periodUs: "number", version: "number" },
    "pinned?": { server: "number", load: "number", probes: "number" },
    "notes[]": "string",
  },
  cell: CELL,
  agreement: { ...CELL, load: "string" },
  count: {
    subject: "string",
    scenario: "string",
    point: "string",
    operations: "number",
    calls: "object",
    "failure?": "string",
  },
  ceiling: { scenario: "string", point: "string", block: "number", note: "string" },
  end: { after: IDLENESS, "incomplete?": "string" },
  resume: {
    startedAt: "string",
    before: IDLENESS,
    block: "number",
    dropped: "number",
    "args[]?": "string",
    "scenarios[]?": "string",
    "machine?": MACHINE,
    "sources?": "string",
    "repeats?": "number",
    "seconds?": "number",
    "seed?": "number",
    "floors?": "object",
  },
};

const GROUP: Shape = {
  clients: "number",
  unserved: "number",
  operations: "number",
  octets: "number",
  unfinished: "number",
  "latency?": "object",
  "fromStart?": "object",
  "timeline[]?": "array",
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

/** What of `value`, which stands at `place` of a record, has not its shape. */
function misshapen(
  value: Readonly<Record<string, unknown>>,
  shape: Shape,
  place = "",
): string | undefined {
  for (const [key, expected] of Object.entries(shape)) {
    const name = key.replace(/\W+$/, "");
    const found = value[name];
    if (found === undefined && key.endsWith("?")) continue;
    const wrong = key.includes("[]")
      ? misfitIn(found, expected, place + name)
      : misfit(found, expected, place + name);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

function misfitIn(list: unknown, expected: Expected, place: string): string | undefined {
  if (!Array.isArray(list)) return `"${place}" is no array`;
  for (const [index, value] of list.entries()) {
    const wrong = misfit(value, expected, `${place}[${index}]`);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

function misfit(value: unknown, expected: Expected, place: string): string | undefined {
  if (typeof expected === "object") {
    return isObject(value) ? misshapen(value, expected, `${place}.`) : `"${place}" is no object`;
  }
  return typeOf(value) === expected ? undefined : `"${place}" is no ${expected}`;
}

/** As JSON tells them apart. */
function typeOf(value: unknown): string {
  return value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeOf(value) === "object";
}

/** Quoted, short, and nothing that could steer a terminal: the text comes from the file. */
function shown(value: unknown): string {
  const text = (JSON.stringify(value) ?? "undefined").slice(0, 40);
  // JSON escapes controls below a space only: those beyond "~" may steer, too (ECMA-48, 8.3).
  return text.replace(/[\x7f-\x9f]/g, (sign) => `\\u00${sign.charCodeAt(0).toString(16)}`);
}
