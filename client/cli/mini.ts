/**
 * get and put by mini.
 *
 * verbs.ts names them in its table; what their operands and flags may be is in checks.ts.
 *
 * @module
 */

import type { Sink } from "../data.ts";
import { LocalError } from "../errors.ts";
import { PartFile } from "../local/part.ts";
import { LocalFile } from "../local/source.ts";
import { miniGet, miniPut } from "../mini.ts";
import { keptText, rateOf } from "./again.ts";
import { localTarget, remoteTarget, WrittenHere } from "./targets.ts";
import { type BareTask, eachOperand } from "./task.ts";
import { outputSink, reported } from "./transfers.ts";

/** Downloads files by mini. */
export async function getMini(task: BareTask): Promise<void> {
  const { console, reporter, request, signal } = task;
  const written = new WrittenHere();
  await eachOperand(
    task,
    request.operands,
    (remote) =>
      reported(reporter, remote, async (report) => {
        const fetch = (sink: Sink) =>
          miniGet(request, remote, rateOf(request).rate?.sink(sink, signal) ?? sink, {
            ...request,
            signal,
            onProgress: report.update,
          });
        if (request.output === "-") {
          await fetch(outputSink(console, report));
          return true;
        }
        const target = localTarget(remote, request);
        written.assertOther(target);
        written.assertPartOther(target);
        const part = await PartFile.open(target, {
          signal,
          noClobber: request.options.has("no-clobber"),
          origin: { host: request.host, path: remote, size: undefined, modified: undefined },
        });
        await part.fill(
          () =>
            fetch({
              begin(size) {
                part.begin();
                report.start(0, size);
              },
              write: (chunk) => part.write(chunk),
            }),
          (...kept) => {
            report.stop();
            reporter.note(keptText("get", ...kept));
          },
        );
        written.add(target);
        return true;
      }),
  );
}

/** Uploads files by mini. */
export async function putMini(task: BareTask): Promise<void> {
  const { reporter, request, signal } = task;
  await eachOperand(task, request.operands, (local) => {
    const target = remoteTarget(local, request);
    return reported(reporter, target, async (report) => {
      using file = await LocalFile.open(local, signal);
      if (file.size === undefined) {
        throw new LocalError(`Cannot put "${local}": mini takes files whose size is known`);
      }
      report.start(0, file.size);
      const source = rateOf(request).rate?.source(file, signal) ?? file;
      await miniPut(request, target, file.size, source, {
        ...request,
        signal,
        onProgress: report.update,
      });
      return true;
    });
  });
}
