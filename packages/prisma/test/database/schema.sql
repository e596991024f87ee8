CREATE TYPE "Stage" AS ENUM ('APPLIED', 'HIRED');

CREATE TABLE "Country" (
  "code" text PRIMARY KEY,
  "name" text NOT NULL
);

CREATE TABLE "Office" (
  "tenantId" text NOT NULL,
  "id" text PRIMARY KEY,
  "city" text NOT NULL UNIQUE,
  "countryCode" text NOT NULL REFERENCES "Country" ("code"),
  UNIQUE ("tenantId", "id")
);

CREATE TABLE "Job" (
  "tenantId" text NOT NULL,
  "id" text PRIMARY KEY,
  "title" text NOT NULL,
  "salary" integer NOT NULL DEFAULT 0,
  "officeId" text,
  UNIQUE ("tenantId", "title"),
  FOREIGN KEY ("tenantId", "officeId") REFERENCES "Office" ("tenantId", "id")
);

CREATE TABLE "Candidate" (
  "tenantId" text NOT NULL,
  "id" serial PRIMARY KEY,
  "email" text NOT NULL,
  "stage" "Stage" NOT NULL DEFAULT 'APPLIED',
  "tags" text[],
  "jobId" text REFERENCES "Job" ("id"),
  UNIQUE ("email", "tenantId")
);
