/**
 * Read by the runtime before each example (examples_test.ts): connections to the ports that the
 * documentation names go to the servers of the test.
 *
 * @module
 */

const ports = new Map(
  Deno.env.get("FTPLAB_EXAMPLE_PORTS")!.split(",").map((pair) => {
    const [printed, real] = pair.split("=").map(Number) as [number, number];
    return [printed, real] as const;
  }),
);

const connect = Deno.connect;

Deno.connect =
  ((options: Deno.ConnectOptions) =>
    connect({ ...options, port: ports.get(options.port) ?? options.port })) as typeof connect;
