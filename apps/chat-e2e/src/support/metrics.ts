/**
 * Sums a metric of a process over all its series, or only over those whose labels contain the text
 * `labels`.
 */
export async function metric(
  { metricsUrl }: { readonly metricsUrl: string },
  name: string,
  labels = '',
): Promise<number> {
  const response = await fetch(metricsUrl);
  const samples = (await response.text())
    .split('\n')
    .filter((line) => new RegExp(`^${name}(\\{| )`).test(line) && line.includes(labels));
  if (samples.length === 0) throw new Error(`unknown metric ${name} ${labels}`);
  return samples.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}
