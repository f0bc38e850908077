/* global WORKERS: the address of each worker, written in by the build */

// Monaco runs its language services in workers, which the content policy allows from this origin only.
globalThis.MonacoEnvironment = {
  getWorker: (_id, label) => new Worker(WORKERS[label] ?? WORKERS.editor, { name: label }),
};
