/** Minimum length of a password, in characters. */
export const MIN_PASSWORD_LENGTH = 8;
/** Maximum length of a password, in characters; limits the cost of hashing. */
export const MAX_PASSWORD_LENGTH = 256;
