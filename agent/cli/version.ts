/** As in package.json; a test keeps the two equal, since `dist/` has no package.json beside it. */
export const VERSION = '0.1.0'
