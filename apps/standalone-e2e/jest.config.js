import preset from '../../jest.preset.js';

export default { ...preset, displayName: 'standalone-e2e', testTimeout: 60_000, maxWorkers: 1 };
