-- What the page asks of an entry is the database's rule too. Version 1 goes on with it.
alter table entries add constraint name_length check (char_length(name) between 1 and 80);
alter table entries add constraint text_length check (char_length(text) between 1 and 1000);
