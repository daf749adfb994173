/** Beside the copy of a log, in whatever directory that is put: of which log. */
export const IDENTITY = 'log-identity'
