-- A row in a table of all companies names the one it belongs to. In a schema of its own there is nobody else.
alter table user_account add constraint user_account_company foreign key (tenant_id) references company (id) not valid;
-- tenancy-lint-ignore several-tables-in-transaction: the application starts when all migrations are done
alter table job add constraint job_company foreign key (tenant_id) references company (id) not valid;
alter table candidate add constraint candidate_company foreign key (tenant_id) references company (id) not valid;
alter table application add constraint application_company foreign key (tenant_id) references company (id) not valid;
alter table note add constraint note_company foreign key (tenant_id) references company (id) not valid;
alter table audit_entry add constraint audit_entry_company foreign key (tenant_id) references company (id) not valid;
alter table invoice add constraint invoice_company foreign key (tenant_id) references company (id) not valid;
alter table invoice_line add constraint invoice_line_company foreign key (tenant_id) references company (id) not valid;
alter table mail add constraint mail_company foreign key (tenant_id) references company (id) not valid;
