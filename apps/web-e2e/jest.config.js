import preset from '../../jest.preset.js';

export default { ...preset, displayName: 'web-e2e', testTimeout: 90_000, maxWorkers: 1 };
