/** Two companies with the same shape of data. Ids are fixed, so that seeding twice changes nothing. */
export const demoCompanies = [
  {
    id: 't_acme',
    slug: 'acme',
    name: 'Acme Rockets',
    color: 'crimson',
    digit: 'a',
    recruiters: [
      // The same address works at both companies, with another password.
      { email: 'sam@agency.example', password: 'sam hires for acme', role: 'recruiter' },
      { email: 'wile@acme.example', password: 'wile runs acme', role: 'admin' },
    ],
    jobs: [
      { title: 'Rocket engineer', location: 'Tucson', open: true },
      { title: 'Anvil tester', location: 'Flagstaff', open: true },
      { title: 'Dynamite accountant', location: 'Tucson', open: false },
    ],
    candidates: [
      { name: 'Amelia Roadrunner', email: 'amelia@candidates.example' },
      { name: 'Casey Both', email: 'casey@candidates.example' },
    ],
    note: 'Acme only: asks for 90k and a helmet.',
    service: { name: 'Acme only: cactus removal at the career fair', cents: 12_300 },
  },
  {
    id: 't_globex',
    slug: 'globex',
    name: 'Globex Corporation',
    color: 'ocean',
    digit: 'b',
    recruiters: [
      { email: 'sam@agency.example', password: 'sam hires for globex', role: 'recruiter' },
      { email: 'hank@globex.example', password: 'hank runs globex', role: 'admin' },
    ],
    jobs: [
      { title: 'Weather machine operator', location: 'Cypress Creek', open: true },
      { title: 'Hammock designer', location: 'Cypress Creek', open: true },
      { title: 'Volcano caretaker', location: 'Hawaii', open: false },
    ],
    candidates: [
      { name: 'Homer Hammock', email: 'homer@candidates.example' },
      { name: 'Casey Both', email: 'casey@candidates.example' },
    ],
    note: 'Globex only: wants to own a football team.',
    service: { name: 'Globex only: doomsday device for the career fair', cents: 45_600 },
  },
] as const;

export type DemoCompany = (typeof demoCompanies)[number];

const KINDS = ['user', 'job', 'candidate', 'application', 'note', 'invoice', 'line', 'entry'] as const;

type Kind = (typeof KINDS)[number];

/** The id of a seeded row: `demoId(acme, 'job', 0)`. */
export function demoId({ digit }: DemoCompany, kind: Kind, index: number): string {
  return `0199a000-0000-7000-8${KINDS.indexOf(kind)}00-${digit.repeat(10)}${String(index).padStart(2, '0')}`;
}
