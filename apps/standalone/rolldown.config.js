import { bundleOf } from '../../rolldown.preset.js';

export default bundleOf(import.meta.dirname, {
  'worker/sqlite-worker': '../../libs/storage-sqlite/dist/worker/sqlite-worker.js',
});
