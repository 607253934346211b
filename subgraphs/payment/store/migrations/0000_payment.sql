CREATE TABLE "consumer_state" (
	"consumer" text NOT NULL,
	"stream" text NOT NULL,
	"epoch" text NOT NULL,
	CONSTRAINT "consumer_state_consumer_stream_pk" PRIMARY KEY("consumer","stream")
);
--> statement-breakpoint
CREATE TABLE "dead_letters" (
	"consumer" text NOT NULL,
	"event_id" text NOT NULL,
	"type" text NOT NULL,
	"envelope" text NOT NULL,
	"cause" text NOT NULL,
	"deliveries" integer NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"replayed_at" timestamp with time zone,
	CONSTRAINT "dead_letters_consumer_event_id_pk" PRIMARY KEY("consumer","event_id")
);
--> statement-breakpoint
CREATE TABLE "idempotency_keys" (
	"caller" text NOT NULL,
	"key" text NOT NULL,
	"request_hash" text NOT NULL,
	"result" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "idempotency_keys_caller_key_pk" PRIMARY KEY("caller","key")
);
--> statement-breakpoint
CREATE TABLE "inbox" (
	"consumer" text NOT NULL,
	"event_id" text NOT NULL,
	"processed_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "inbox_consumer_event_id_pk" PRIMARY KEY("consumer","event_id")
);
--> statement-breakpoint
CREATE TABLE "ledger_entries" (
	"transaction_id" text NOT NULL,
	"account" text NOT NULL,
	"currency" text NOT NULL,
	"amount_minor" bigint NOT NULL,
	CONSTRAINT "ledger_entries_transaction_id_account_currency_pk" PRIMARY KEY("transaction_id","account","currency"),
	CONSTRAINT "ledger_entries_amount" CHECK ("ledger_entries"."amount_minor" <> 0)
);
--> statement-breakpoint
CREATE TABLE "ledger_transactions" (
	"id" text PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"reference" text NOT NULL,
	"order_id" text NOT NULL,
	"booked_at" timestamp with time zone NOT NULL,
	CONSTRAINT "ledger_transactions_reference_unique" UNIQUE("reference"),
	CONSTRAINT "ledger_transactions_kind" CHECK ("ledger_transactions"."kind" in ('CAPTURE', 'REFUND'))
);
--> statement-breakpoint
CREATE TABLE "outbox" (
	"position" bigserial PRIMARY KEY NOT NULL,
	"id" text NOT NULL,
	"type" text NOT NULL,
	"subject" text NOT NULL,
	"envelope" json NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"published_at" timestamp with time zone,
	"stream_sequence" bigint,
	CONSTRAINT "outbox_id_unique" UNIQUE("id")
);
--> statement-breakpoint
CREATE TABLE "payment_attempts" (
	"id" text PRIMARY KEY NOT NULL,
	"order_id" text NOT NULL,
	"number" integer NOT NULL,
	"channel" text NOT NULL,
	"token" text,
	"amount_minor" bigint NOT NULL,
	"currency" text NOT NULL,
	"status" text NOT NULL,
	"charge_before" timestamp with time zone NOT NULL,
	"provider_charge_id" text,
	"failure_code" text,
	"captured_minor" bigint,
	"captured_currency" text,
	"refunded_minor" bigint DEFAULT 0 NOT NULL,
	"surplus" boolean DEFAULT false NOT NULL,
	"next_action_at" timestamp with time zone,
	"tries" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"settled_at" timestamp with time zone,
	CONSTRAINT "payment_attempts_provider_charge_id_unique" UNIQUE("provider_charge_id"),
	CONSTRAINT "payment_attempts_number" UNIQUE("order_id","number"),
	CONSTRAINT "payment_attempts_status" CHECK ("payment_attempts"."status" in ('PENDING', 'WITHDRAWING', 'CAPTURED', 'DECLINED', 'VOIDED')),
	CONSTRAINT "payment_attempts_open" CHECK (("payment_attempts"."status" in ('PENDING', 'WITHDRAWING')) = ("payment_attempts"."settled_at" is null)
        and ("payment_attempts"."settled_at" is null) = ("payment_attempts"."next_action_at" is not null)
        and ("payment_attempts"."settled_at" is null) = ("payment_attempts"."token" is not null)),
	CONSTRAINT "payment_attempts_captured" CHECK (("payment_attempts"."status" = 'CAPTURED') = ("payment_attempts"."captured_minor" is not null)
        and ("payment_attempts"."captured_minor" is null) = ("payment_attempts"."captured_currency" is null)
        and coalesce("payment_attempts"."captured_minor" >= 0, true)),
	CONSTRAINT "payment_attempts_refunded" CHECK ("payment_attempts"."refunded_minor" between 0 and coalesce("payment_attempts"."captured_minor", 0))
);
--> statement-breakpoint
CREATE TABLE "payments" (
	"order_id" text PRIMARY KEY NOT NULL,
	"id" text NOT NULL,
	"customer_id" text NOT NULL,
	"amount_minor" bigint,
	"currency" text,
	"hold_expires_at" timestamp with time zone,
	"status" text NOT NULL,
	"closing" text,
	"closed_at" timestamp with time zone,
	"correlation_id" text NOT NULL,
	"causation_id" text,
	"traceparent" text,
	"version" integer NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"updated_at" timestamp with time zone NOT NULL,
	CONSTRAINT "payments_id_unique" UNIQUE("id"),
	CONSTRAINT "payments_status" CHECK ("payments"."status" in ('PENDING', 'DECLINED', 'CAPTURED', 'MISMATCHED', 'REFUNDING', 'REFUNDED', 'VOIDED')),
	CONSTRAINT "payments_closing" CHECK (case when "payments"."closing" is null
        then "payments"."status" in ('PENDING', 'DECLINED', 'CAPTURED', 'MISMATCHED')
        else "payments"."closing" in ('EXPIRED', 'CANCELLED')
          and "payments"."status" in ('PENDING', 'REFUNDING', 'REFUNDED', 'VOIDED') end),
	CONSTRAINT "payments_closed" CHECK (case when "payments"."closed_at" is null
        then "payments"."status" not in ('REFUNDED', 'VOIDED')
        else "payments"."status" in ('REFUNDING', 'REFUNDED', 'VOIDED') end),
	CONSTRAINT "payments_tombstone" CHECK (("payments"."amount_minor" is null) = ("payments"."currency" is null)
        and ("payments"."amount_minor" is null) = ("payments"."hold_expires_at" is null)
        and coalesce("payments"."amount_minor" >= 0, "payments"."status" = 'VOIDED'))
);
--> statement-breakpoint
CREATE TABLE "refunds" (
	"id" text PRIMARY KEY NOT NULL,
	"order_id" text NOT NULL,
	"attempt_id" text NOT NULL,
	"amount_minor" bigint NOT NULL,
	"currency" text NOT NULL,
	"reason" text NOT NULL,
	"status" text NOT NULL,
	"provider_refund_id" text,
	"next_action_at" timestamp with time zone,
	"tries" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"settled_at" timestamp with time zone,
	CONSTRAINT "refunds_attempt_id_unique" UNIQUE("attempt_id"),
	CONSTRAINT "refunds_provider_refund_id_unique" UNIQUE("provider_refund_id"),
	CONSTRAINT "refunds_amount" CHECK ("refunds"."amount_minor" > 0),
	CONSTRAINT "refunds_reason" CHECK ("refunds"."reason" in ('ORDER_EXPIRED', 'ORDER_CANCELLED', 'SURPLUS_CAPTURE')),
	CONSTRAINT "refunds_open" CHECK ("refunds"."status" in ('PENDING', 'SUCCEEDED')
        and ("refunds"."status" = 'PENDING') = ("refunds"."settled_at" is null)
        and ("refunds"."settled_at" is null) = ("refunds"."next_action_at" is not null))
);
--> statement-breakpoint
CREATE TABLE "stream_state" (
	"stream" text PRIMARY KEY NOT NULL,
	"created_at" text NOT NULL,
	"epoch" text NOT NULL,
	"last_sequence" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "webhook_events" (
	"channel" text NOT NULL,
	"event_id" text NOT NULL,
	"type" text NOT NULL,
	"body" text NOT NULL,
	"received_at" timestamp with time zone DEFAULT now() NOT NULL,
	"processed_at" timestamp with time zone,
	"cause" text,
	"tries" integer DEFAULT 0 NOT NULL,
	"next_action_at" timestamp with time zone,
	CONSTRAINT "webhook_events_channel_event_id_pk" PRIMARY KEY("channel","event_id"),
	CONSTRAINT "webhook_events_open" CHECK (("webhook_events"."processed_at" is null) = ("webhook_events"."next_action_at" is not null))
);
--> statement-breakpoint
ALTER TABLE "ledger_entries" ADD CONSTRAINT "ledger_entries_transaction_id_ledger_transactions_id_fk" FOREIGN KEY ("transaction_id") REFERENCES "public"."ledger_transactions"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "payment_attempts" ADD CONSTRAINT "payment_attempts_order_id_payments_order_id_fk" FOREIGN KEY ("order_id") REFERENCES "public"."payments"("order_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "refunds" ADD CONSTRAINT "refunds_order_id_payments_order_id_fk" FOREIGN KEY ("order_id") REFERENCES "public"."payments"("order_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "refunds" ADD CONSTRAINT "refunds_attempt_id_payment_attempts_id_fk" FOREIGN KEY ("attempt_id") REFERENCES "public"."payment_attempts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "ledger_transactions_order" ON "ledger_transactions" USING btree ("order_id");--> statement-breakpoint
CREATE INDEX "outbox_unpublished" ON "outbox" USING btree ("position") WHERE published_at is null;--> statement-breakpoint
CREATE INDEX "outbox_stream_sequence" ON "outbox" USING btree ("stream_sequence");--> statement-breakpoint
CREATE UNIQUE INDEX "payment_attempts_one_open" ON "payment_attempts" USING btree ("order_id") WHERE "payment_attempts"."status" in ('PENDING', 'WITHDRAWING');--> statement-breakpoint
CREATE UNIQUE INDEX "payment_attempts_one_capture" ON "payment_attempts" USING btree ("order_id") WHERE "payment_attempts"."status" = 'CAPTURED' and not "payment_attempts"."surplus";--> statement-breakpoint
CREATE INDEX "payment_attempts_due" ON "payment_attempts" USING btree ("next_action_at") WHERE "payment_attempts"."status" in ('PENDING', 'WITHDRAWING');--> statement-breakpoint
CREATE INDEX "refunds_order" ON "refunds" USING btree ("order_id");--> statement-breakpoint
CREATE INDEX "refunds_due" ON "refunds" USING btree ("next_action_at") WHERE "refunds"."status" = 'PENDING';--> statement-breakpoint
CREATE INDEX "webhook_events_due" ON "webhook_events" USING btree ("next_action_at") WHERE "webhook_events"."processed_at" is null;