import { config } from 'zod';

// The page's content policy forbids code made from strings, and zod would try. This module must be
// imported before the first schema.
config({ jitless: true });
