/** Collects what a command prints, until `restore`. */
export function captureOutput() {
  const printed = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    jest.spyOn(process[name], 'write').mockImplementation((text) => {
      printed[name] += String(text);
      return true;
    }),
  );
  return {
    printed,
    errorLines: () => printed.stderr.split('\n').filter((line) => line !== ''),
    restore: () => {
      for (const spy of spies) spy.mockRestore();
    },
  };
}
