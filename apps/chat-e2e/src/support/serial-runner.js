import TestRunner from 'jest-runner';

/** Runs one suite at a time, and none beside those of other runners. */
export default class SerialRunner extends TestRunner {
  isSerial = true;
}
