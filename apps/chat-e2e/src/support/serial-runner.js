import TestRunner from 'jest-runner';

/** Jest runner that runs one suite at a time, and never in parallel with other runners. */
export default class SerialRunner extends TestRunner {
  isSerial = true;
}
