-- The ledger is append-only: no statement changes or removes a row, whoever sends it.
create function refuse_ledger_change() returns trigger language plpgsql as $$
begin
  raise exception 'the ledger is append-only: % on %', tg_op, tg_table_name using errcode = 'restrict_violation';
end $$;
--> statement-breakpoint
create trigger ledger_transactions_append_only before update or delete or truncate on ledger_transactions
  for each statement execute function refuse_ledger_change();
--> statement-breakpoint
create trigger ledger_entries_append_only before update or delete or truncate on ledger_entries
  for each statement execute function refuse_ledger_change();
--> statement-breakpoint
-- Checked per statement over what it inserted, not per row at commit: one scan a batch. It follows that the entries of
-- one transaction have to come in one statement.
create function check_ledger_balance() returns trigger language plpgsql as $$
begin
  if exists (
    select from inserted group by transaction_id, currency having sum(amount_minor) <> 0
  ) then
    raise exception 'a ledger transaction does not sum to zero' using errcode = 'check_violation';
  end if;
  return null;
end $$;
--> statement-breakpoint
create trigger ledger_entries_balance after insert on ledger_entries
  referencing new table as inserted
  for each statement execute function check_ledger_balance();
