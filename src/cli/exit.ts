/** Exit codes: 1 the world (address in use …), 2 the command line or the file. */
export const EXIT_WORLD = 1;
export const EXIT_USAGE = 2;
