/**
 * A value that Jest's global setup passes to the suites in an environment variable, because they
 * share no modules with it.
 *
 * Node runs global setups from the sources: this file uses only erasable types.
 */
export class SetupValue<Value> {
  readonly #variable: string;

  /** @param variable name of the environment variable */
  constructor(variable: string) {
    this.#variable = variable;
  }

  /** Sets the value; must be called before Jest starts its workers, which inherit it. */
  set(value: Value): void {
    process.env[this.#variable] = JSON.stringify(value);
  }

  /** The value; undefined when the global setup of this Jest project did not set one. */
  get value(): Value | undefined {
    const text = process.env[this.#variable];
    return text === undefined ? undefined : (JSON.parse(text) as Value);
  }
}

/** Returns the value for the Jest worker that runs this suite; undefined when there is none. */
export function valueForThisWorker<Value>(values: SetupValue<readonly Value[]>): Value | undefined {
  return values.value?.[Number(process.env['JEST_WORKER_ID']) - 1];
}
