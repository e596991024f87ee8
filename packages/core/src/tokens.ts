/** The validated options, for what is composed by hand. Shared by every copy of this package. */
export const RESOLVED_OPTIONS = Symbol.for('@tenancy/core:resolved-options');
