import { bundleOf } from '../../rolldown.preset.js';

export default bundleOf(import.meta.dirname);
