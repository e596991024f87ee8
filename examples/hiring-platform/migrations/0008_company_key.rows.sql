-- A row in a table of all companies names the one it belongs to. In a schema of its own there is nobody else.
alter table user_account add foreign key (tenant_id) references company (id);
alter table job add foreign key (tenant_id) references company (id);
alter table candidate add foreign key (tenant_id) references company (id);
alter table application add foreign key (tenant_id) references company (id);
alter table note add foreign key (tenant_id) references company (id);
alter table audit_entry add foreign key (tenant_id) references company (id);
alter table invoice add foreign key (tenant_id) references company (id);
alter table invoice_line add foreign key (tenant_id) references company (id);
alter table mail add foreign key (tenant_id) references company (id);
