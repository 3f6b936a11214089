import { HELP, readOptions, type Options } from './options.ts';

await main(process.argv.slice(2));

async function main(args: string[]): Promise<void> {
  const options = optionsOf(args);
  if (options.help) return console.log(HELP);
  // Loading it takes a second, which the help and errors in options need not wait for.
  const { startDeployment } = await import('./deployment.ts');
  await startDeployment(options);
}

function optionsOf(args: string[]): Options {
  try {
    return readOptions(args);
  } catch (error) {
    console.error(`services: ${(error as Error).message} (--help shows the options)`);
    process.exit(2);
  }
}
