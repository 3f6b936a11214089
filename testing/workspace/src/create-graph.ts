import { createGraph } from './nx.ts';

export default createGraph;
