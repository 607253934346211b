CREATE SEQUENCE "public"."order_numbers" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 100001 CACHE 50;--> statement-breakpoint
CREATE TABLE "cancellations" (
	"order_id" text PRIMARY KEY NOT NULL,
	"stock_released_at" timestamp with time zone,
	"payment_closed_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "catalogue" (
	"sku" text PRIMARY KEY NOT NULL,
	"version" integer NOT NULL,
	"name" text NOT NULL,
	"unit_price_minor" bigint NOT NULL,
	"currency" text NOT NULL
);
--> statement-breakpoint
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
CREATE TABLE "order_history" (
	"order_id" text NOT NULL,
	"version" integer NOT NULL,
	"id" text NOT NULL,
	"customer_id" text NOT NULL,
	"previous_status" text,
	"status" text NOT NULL,
	"reason" text,
	"note" text,
	"hold_expires_at" timestamp with time zone,
	"occurred_at" timestamp with time zone NOT NULL,
	"transaction" "xid8" DEFAULT pg_current_xact_id() NOT NULL,
	"position" bigserial NOT NULL,
	CONSTRAINT "order_history_order_id_version_pk" PRIMARY KEY("order_id","version"),
	CONSTRAINT "order_history_id_unique" UNIQUE("id")
);
--> statement-breakpoint
CREATE TABLE "order_lines" (
	"order_id" text NOT NULL,
	"position" integer NOT NULL,
	"id" text NOT NULL,
	"sku" text NOT NULL,
	"name" text NOT NULL,
	"quantity" integer NOT NULL,
	"unit_price_minor" bigint NOT NULL,
	"total_minor" bigint NOT NULL,
	CONSTRAINT "order_lines_order_id_position_pk" PRIMARY KEY("order_id","position"),
	CONSTRAINT "order_lines_quantity" CHECK (quantity between 1 and 100000),
	CONSTRAINT "order_lines_total" CHECK (total_minor = quantity * unit_price_minor and unit_price_minor >= 0)
);
--> statement-breakpoint
CREATE TABLE "orders" (
	"id" text PRIMARY KEY NOT NULL,
	"number" text DEFAULT nextval('order_numbers') NOT NULL,
	"customer_id" text NOT NULL,
	"status" text NOT NULL,
	"status_reason" text,
	"version" integer NOT NULL,
	"currency" text NOT NULL,
	"subtotal_minor" bigint NOT NULL,
	"total_minor" bigint NOT NULL,
	"shipping_address" jsonb NOT NULL,
	"payment_channel" text NOT NULL,
	"payment_token" text NOT NULL,
	"placed_at" timestamp with time zone NOT NULL,
	"updated_at" timestamp with time zone NOT NULL,
	"hold_expires_at" timestamp with time zone,
	"deadline_at" timestamp with time zone,
	CONSTRAINT "orders_number_unique" UNIQUE("number"),
	CONSTRAINT "orders_status" CHECK (status in ('PLACED', 'RESERVED', 'CONFIRMED', 'REJECTED', 'EXPIRED', 'CANCELLING', 'CANCELLED', 'ON_HOLD')),
	CONSTRAINT "orders_total" CHECK (total_minor = subtotal_minor and subtotal_minor >= 0),
	CONSTRAINT "orders_version" CHECK (version >= 1),
	CONSTRAINT "orders_hold" CHECK ((hold_expires_at is not null) = (status = 'RESERVED'))
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
CREATE TABLE "stream_state" (
	"stream" text PRIMARY KEY NOT NULL,
	"created_at" text NOT NULL,
	"epoch" text NOT NULL,
	"last_sequence" bigint NOT NULL
);
--> statement-breakpoint
CREATE INDEX "order_history_feed" ON "order_history" USING btree ("transaction","position");--> statement-breakpoint
CREATE INDEX "orders_of_customer" ON "orders" USING btree ("customer_id","id");--> statement-breakpoint
CREATE INDEX "orders_deadline" ON "orders" USING btree ("deadline_at") WHERE deadline_at is not null;--> statement-breakpoint
CREATE INDEX "outbox_unpublished" ON "outbox" USING btree ("position") WHERE published_at is null;--> statement-breakpoint
CREATE INDEX "outbox_stream_sequence" ON "outbox" USING btree ("stream_sequence");