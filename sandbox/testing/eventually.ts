const pollMs = 10;

/** Runs the check until it stops throwing; after the deadline its last error is the test's. */
export async function eventually<T>(check: () => T | Promise<T>, deadlineMs = 5000): Promise<T> {
  const endMs = Date.now() + deadlineMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > endMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  }
}
