// Makes the secret that tokens are signed with, once; what is there already stays.
import { randomBytes } from 'node:crypto';
import { linkSync, rmSync, writeFileSync } from 'node:fs';

const file = process.env.JWT_SECRET_FILE;
const draft = `${file}.${process.pid}`;
// Written whole under another name first: a crash leaves either no secret or all of it, and maybe a draft.
rmSync(draft, { force: true });
writeFileSync(draft, randomBytes(48).toString('base64url'), { mode: 0o440, flush: true });
try {
  linkSync(draft, file);
  console.log('Made the secret of this installation.');
} catch (error) {
  if (error.code !== 'EEXIST') throw error;
  console.log('The secret of this installation is there.');
} finally {
  rmSync(draft, { force: true });
}
