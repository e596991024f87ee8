import { z } from 'zod';

/** Colours of a company's pages. `assets/site.css` has the shades of each, for light and dark, in which text can be read. */
export const COLORS = ['crimson', 'ocean', 'forest', 'plum', 'amber'] as const;

export const color = z.enum(COLORS);

/** Settings that a company decides about itself, in the list of companies. */
export const companySettings = z.object({ color: color.exactOptional() });

export type CompanySettings = z.infer<typeof companySettings>;
