/** Matches on a device that is operated by touch alone, with a keyboard on the screen. */
export const TOUCH = matchMedia('(hover: none) and (pointer: coarse)');
