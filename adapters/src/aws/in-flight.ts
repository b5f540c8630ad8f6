/** Maps with at most `most` calls running, results in order; the first failure ends it. */
export async function inFlight<Input, Result>(
  most: number,
  inputs: readonly Input[],
  work: (input: Input) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = new Array(inputs.length);
  let taken = 0;
  let failed = false;
  async function worker(): Promise<void> {
    while (taken < inputs.length && !failed) {
      const at = taken++;
      try {
        results[at] = await work(inputs[at]!);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(most, inputs.length) }, worker));
  return results;
}
