/**
 * Read by the runtime before a program (start_test.ts): names on standard error, one a line, every
 * part of the runtime that the program is the first to ask for. Such parts are read then, which
 * takes longer than a small file takes to come.
 *
 * @module
 */

for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(globalThis))) {
  const { get, configurable } = property;
  if (get === undefined || !configurable) continue;
  let isRead = false;
  Object.defineProperty(globalThis, name, {
    ...property,
    get() {
      if (!isRead) console.error(`reads ${name}`);
      isRead = true;
      return get.call(globalThis);
    },
  });
}
