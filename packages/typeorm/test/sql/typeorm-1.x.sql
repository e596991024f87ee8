-- FIND
SELECT "Job"."id" AS "Job_id" FROM "job" "Job" WHERE ( "Job"."deletedAt" IS NULL ) AND ( "Job"."tenantId" = $1 );
-- ["t_acme"]

-- FIND, ONE OF TWO CONDITIONS
SELECT "Job"."id" AS "Job_id" FROM "job" "Job" WHERE ( (((("Job"."id" = $1))) OR ((("Job"."title" = $2)))) ) AND ( "Job"."deletedAt" IS NULL ) AND ( "Job"."tenantId" = $3 );
-- ["acme-job-1","a","t_acme"]

-- FIND, A CONDITION ON A RELATION
SELECT "Job"."id" AS "Job_id" FROM "job" "Job" LEFT JOIN "office" "Job__Job_office" ON "Job__Job_office"."id"="Job"."officeId" AND ("Job__Job_office"."tenantId" = $1) WHERE ( (("Job"."salary" = $2) AND ((("Job__Job_office"."city" = $3)))) ) AND ( "Job"."deletedAt" IS NULL ) AND ( "Job"."tenantId" = $1 );
-- ["t_acme",1,"acme city"]

-- FIND, A REQUIRED RELATION: T19
SELECT "Job"."id" AS "Job_id", "Job__Job_office"."id" AS "Job__Job_office_id" FROM "job" "Job" LEFT JOIN "office" "Job__Job_office" ON "Job__Job_office"."id"="Job"."officeId" AND ("Job__Job_office"."tenantId" = $1) WHERE ( "Job"."deletedAt" IS NULL ) AND ( "Job"."tenantId" = $1 );
-- ["t_acme"]

-- FIND, MANY TO MANY
SELECT "Job"."id" AS "Job_id", "Job__Job_tags"."id" AS "Job__Job_tags_id" FROM "job" "Job" LEFT JOIN "job_tag" "Job_Job__Job_tags" ON "Job_Job__Job_tags"."jobId"="Job"."id" LEFT JOIN "tag" "Job__Job_tags" ON "Job__Job_tags"."id"="Job_Job__Job_tags"."tagId" AND ("Job__Job_tags"."tenantId" = $1) WHERE ( "Job"."deletedAt" IS NULL ) AND ( "Job"."tenantId" = $1 );
-- ["t_acme"]

-- FIND, A PAGE WITH A JOIN: T5
SELECT DISTINCT "distinctAlias"."Job_id" AS "ids_Job_id", "distinctAlias"."Job_id" FROM (SELECT "Job"."id" AS "Job_id", "Job__Job_office"."id" AS "Job__Job_office_id" FROM "job" "Job" LEFT JOIN "office" "Job__Job_office" ON "Job__Job_office"."id"="Job"."officeId" AND ("Job__Job_office"."tenantId" = $1) WHERE ( (((("Job__Job_office"."city" = $2)))) ) AND ( "Job"."deletedAt" IS NULL ) AND ( "Job"."tenantId" = $1 )) "distinctAlias" ORDER BY "distinctAlias"."Job_id" ASC, "Job_id" ASC LIMIT 2 OFFSET 0;
-- ["t_acme","acme city"]
SELECT "Job"."id" AS "Job_id", "Job__Job_office"."id" AS "Job__Job_office_id" FROM "job" "Job" LEFT JOIN "office" "Job__Job_office" ON "Job__Job_office"."id"="Job"."officeId" AND ("Job__Job_office"."tenantId" = $1) WHERE ( (((("Job__Job_office"."city" = $2)))) ) AND ( "Job"."deletedAt" IS NULL ) AND ( ("Job"."id" IN ($3, $4)) AND "Job"."tenantId" = $1 ) ORDER BY "Job_id" ASC;
-- ["t_acme","acme city","acme-job-1","acme-job-2"]

-- FIND, RELATIONS BY QUERIES
SELECT "Job"."id" AS "Job_id" FROM "job" "Job" WHERE ( (("Job"."id" = $1)) ) AND ( "Job"."deletedAt" IS NULL ) AND ( "Job"."tenantId" = $2 );
-- ["acme-job-1","t_acme"]
SELECT "Tag"."id" AS "Tag_id" FROM "tag" "Tag" INNER JOIN "job_tag" "job_tag" ON ("job_tag"."jobId" IN ($1) AND "job_tag"."tagId"="Tag"."id") AND EXISTS (SELECT 1 FROM "job" "tenancy_end" WHERE "tenancy_end"."id" = "job_tag"."jobId" AND "tenancy_end"."tenantId" = $2) AND EXISTS (SELECT 1 FROM "tag" "tenancy_end" WHERE "tenancy_end"."id" = "job_tag"."tagId" AND "tenancy_end"."tenantId" = $2) WHERE "Tag"."tenantId" = $2;
-- ["acme-job-1","t_acme"]
SELECT "job_tag"."jobId" AS "Job_id", "job_tag"."tagId" AS "Tag_tags_id" FROM "job_tag" "job_tag" WHERE ( "job_tag"."jobId" IN ($1) AND "job_tag"."tagId" IN ($2) ) AND ( EXISTS (SELECT 1 FROM "job" "tenancy_end" WHERE "tenancy_end"."id" = "job_tag"."jobId" AND "tenancy_end"."tenantId" = $3) AND EXISTS (SELECT 1 FROM "tag" "tenancy_end" WHERE "tenancy_end"."id" = "job_tag"."tagId" AND "tenancy_end"."tenantId" = $3) );
-- ["acme-job-1","acme-tag-1","t_acme"]

-- COUNT
SELECT COUNT(1) AS "cnt" FROM "job" "Job" WHERE ( (("Job"."title" = $1)) ) AND ( "Job"."deletedAt" IS NULL ) AND ( "Job"."tenantId" = $2 );
-- ["a","t_acme"]

-- SUM
SELECT SUM("Job"."salary") AS "SUM" FROM "job" "Job" WHERE ( (("Job"."id" IN ($1, $2))) ) AND ( "Job"."deletedAt" IS NULL ) AND ( "Job"."tenantId" = $3 );
-- ["a","b","t_acme"]

-- BUILDER, OR
SELECT "job"."id" AS "job_id" FROM "job" "job" WHERE ( "job"."salary" > $1 OR "job"."title" IS NULL ) AND ( "job"."deletedAt" IS NULL ) AND ( "job"."tenantId" = $2 );
-- [1,"t_acme"]

-- BUILDER, AFTER A ROW
SELECT "job"."id" AS "job_id" FROM "job" "job" WHERE ( "job"."id" > $1 ) AND ( "job"."deletedAt" IS NULL ) AND ( "job"."tenantId" = $2 ) ORDER BY "job_id" ASC LIMIT 10;
-- ["acme-job-1","t_acme"]

-- BUILDER, TWO SOURCES
SELECT "job"."id" AS "job_id" FROM "job" "job", "office" "office" WHERE ( "office"."city" = "job"."title" ) AND ( "job"."deletedAt" IS NULL ) AND ( "job"."tenantId" = $1 AND "office"."tenantId" = $1 );
-- ["t_acme"]

-- BUILDER, A JOIN WITH A CONDITION
SELECT "job"."id" AS "job_id" FROM "job" "job" INNER JOIN "office" "office" ON "office"."id"="job"."officeId" AND (("office"."city" = $1) AND "office"."tenantId" = $2) WHERE ( "job"."deletedAt" IS NULL ) AND ( "job"."tenantId" = $2 );
-- ["acme city","t_acme"]

-- BUILDER, A SUB-QUERY
SELECT "job"."id" AS "job_id" FROM "job" "job" WHERE ( "job"."officeId" IN (SELECT "office"."id" AS "office_id" FROM "office" "office" WHERE "office"."tenantId" = $1) ) AND ( "job"."deletedAt" IS NULL ) AND ( "job"."tenantId" = $1 );
-- ["t_acme"]

-- BUILDER, GROUPS
SELECT "job"."title" AS "title" FROM "job" "job" WHERE ( "job"."deletedAt" IS NULL ) AND ( "job"."tenantId" = $1 ) GROUP BY "job"."title";
-- ["t_acme"]

-- INSERT
INSERT INTO "job"("tenantId", "id", "title", "salary", "words", "extra", "deletedAt", "officeId") VALUES ($1, $2, $3, DEFAULT, DEFAULT, DEFAULT, DEFAULT, DEFAULT) RETURNING "title", "salary", "words", "extra", "deletedAt";
-- ["t_acme","acme-job-7","added"]

-- INSERT, MANY
INSERT INTO "job"("tenantId", "id", "title", "salary", "words", "extra", "deletedAt", "officeId") VALUES ($1, $2, $3, DEFAULT, DEFAULT, DEFAULT, DEFAULT, DEFAULT), ($4, $5, $6, DEFAULT, DEFAULT, DEFAULT, DEFAULT, DEFAULT) RETURNING "title", "salary", "words", "extra", "deletedAt";
-- ["t_acme","acme-job-8","added","t_acme","acme-job-9","added"]

-- INSERT, WITH A REFERENCE
SELECT COUNT(*) AS "found" FROM "office" "referenced" WHERE ( "referenced"."id" = $1 ) AND ( "referenced"."tenantId" = $2 );
-- ["acme-office","t_acme"]
INSERT INTO "job"("tenantId", "id", "title", "salary", "words", "extra", "deletedAt", "officeId") VALUES ($1, $2, $3, DEFAULT, DEFAULT, DEFAULT, DEFAULT, $4) RETURNING "title", "salary", "words", "extra", "deletedAt";
-- ["t_acme","acme-job-6","added","acme-office"]

-- UPDATE
UPDATE "job" SET "title" = $1 WHERE ( "id" = $2 ) AND ( "tenantId" = $3 );
-- ["renamed","acme-job-1","t_acme"]

-- SOFTDELETE
UPDATE "job" SET "deletedAt" = CURRENT_TIMESTAMP WHERE ( "id" = $1 AND "deletedAt" IS NULL ) AND ( "tenantId" = $2 );
-- ["acme-job-1","t_acme"]

-- DELETE
DELETE FROM "job" WHERE ( "id" = $1 ) AND ( "tenantId" = $2 );
-- ["acme-job-1","t_acme"]

-- UPSERT, BY A KEY WITH THE TENANT
INSERT INTO "office"("tenantId", "id", "city") VALUES ($1, $2, $3) ON CONFLICT ( "tenantId", "city" ) DO UPDATE SET "tenantId" = EXCLUDED."tenantId", "city" = EXCLUDED."city", "id" = EXCLUDED."id";
-- ["t_acme","acme-office","acme city"]

-- UPSERT, BY A KEY WITHOUT IT
INSERT INTO "office"("tenantId", "id", "city") VALUES ($1, $2, $3) ON CONFLICT ( "id" ) DO UPDATE SET "id" = EXCLUDED."id", "city" = EXCLUDED."city" WHERE "office"."tenantId" = $4;
-- ["t_acme","acme-office","acme city","t_acme"]
SELECT COUNT(*) AS "found" FROM "office" "taken" WHERE ( ("taken"."id" = $1) ) AND ( "taken"."tenantId" = $2 );
-- ["acme-office","t_acme"]

-- LINK OF MANY TO MANY
SELECT COUNT(*) AS "found" FROM "job" "referenced" WHERE ( "referenced"."id" = $1 ) AND ( "referenced"."tenantId" = $2 );
-- ["acme-job-2","t_acme"]
SELECT COUNT(*) AS "found" FROM "tag" "referenced" WHERE ( "referenced"."id" = $1 ) AND ( "referenced"."tenantId" = $2 );
-- ["acme-tag-1","t_acme"]
INSERT INTO "job_tag"("jobId", "tagId") VALUES ($1, $2);
-- ["acme-job-2","acme-tag-1"]

-- UNLINK OF MANY TO MANY
DELETE FROM "job_tag" WHERE ( ("jobId" = $1 AND "tagId" = $2) ) AND ( EXISTS (SELECT 1 FROM "job" "tenancy_end" WHERE "tenancy_end"."id" = "job_tag"."jobId" AND "tenancy_end"."tenantId" = $3) AND EXISTS (SELECT 1 FROM "tag" "tenancy_end" WHERE "tenancy_end"."id" = "job_tag"."tagId" AND "tenancy_end"."tenantId" = $3) );
-- ["acme-job-2","acme-tag-1","t_acme"]

