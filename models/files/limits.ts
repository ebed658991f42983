/**
 * What bounds the work and the memory of file operations, so that one client's directory is not
 * everybody's wait.
 *
 * @module
 */

/** The most that one `read` operation returns; larger requests get less. */
export const READ_BYTES_MAX = 262_144;

/** Entries that one read of a listing looks at: some hundred microseconds of a worker. */
export const LISTING_STEP = 32;

/**
 * Names that one read of a listing takes from the file system, whether they are shown or not, and
 * entries that it writes without a look at them.
 */
export const LISTING_NAMES_STEP = 1_024;

/**
 * UTF-16 units of a pattern that each of those names may be compared with: a longer one takes so
 * many fewer names at a time.
 */
export const LISTING_PATTERN_UNITS = 8;

/** A directory of more names comes in the file system's order: sorting takes all of them at once. */
export const LISTING_SORTED_MAX = 4_096;

/** How far `ls -R` goes down; a listing of a deeper tree fails at its end. */
export const LISTING_DEPTH_MAX = 32;

/** Directories in one listing of several, so that it ends; one of more fails at its end. */
export const LISTING_DIRECTORIES_MAX = 4_096;

/** Names that one step of a sweep for old partial files looks at. */
export const SWEEP_STEP = 1_024;

/** Directories that wait in a sweep; where there are more, chance leaves some to the next one. */
export const SWEEP_DIRECTORIES_MAX = 65_536;
