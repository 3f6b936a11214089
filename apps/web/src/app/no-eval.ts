import { config } from 'zod';

// The page's content security policy forbids code generation from strings, which Zod's JIT uses.
// This module must be imported before the first schema.
config({ jitless: true });
