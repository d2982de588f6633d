// A part of the page that is fetched when it is first wanted: asked for until it comes, for the service may be away.
const FIRST_MS = 500, SLOWEST_MS = 5_000;

/** What `load` brings, in the end. Waits twice as long after each failure, to five seconds. */
export async function arriving<T>(load: () => Promise<T>): Promise<T> {
  for (let pause = FIRST_MS; ; pause = Math.min(SLOWEST_MS, pause * 2)) {
    try {
      return await load();
    } catch (problem) {
      if (!(problem instanceof TypeError)) throw problem; // it came, and is broken
      // The desk's strip says that there is no connection; the page says that it is loading.
      await new Promise((resume) => setTimeout(resume, pause));
    }
  }
}
