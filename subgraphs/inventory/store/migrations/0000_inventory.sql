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
CREATE TABLE "order_stock" (
	"order_id" text PRIMARY KEY NOT NULL,
	"customer_id" text NOT NULL,
	"state" text NOT NULL,
	"expires_at" timestamp with time zone,
	"created_at" timestamp with time zone NOT NULL,
	"updated_at" timestamp with time zone NOT NULL,
	CONSTRAINT "order_stock_state" CHECK (state in ('HELD', 'PINNED', 'ALLOCATED', 'REFUSED', 'RELEASED')),
	CONSTRAINT "order_stock_only_holds_expire" CHECK ((state = 'HELD') = (expires_at is not null))
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
CREATE TABLE "products" (
	"sku" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"description" text,
	"unit_price_minor" bigint NOT NULL,
	"currency" text NOT NULL,
	"version" integer NOT NULL,
	"updated_at" timestamp with time zone NOT NULL,
	CONSTRAINT "products_sku_length" CHECK (char_length(sku) between 1 and 64),
	CONSTRAINT "products_price_not_negative" CHECK (unit_price_minor >= 0),
	CONSTRAINT "products_currency_code" CHECK (currency ~ '^[A-Z]{3}$'),
	CONSTRAINT "products_version_counts" CHECK (version >= 1)
);
--> statement-breakpoint
CREATE TABLE "reservations" (
	"id" text PRIMARY KEY NOT NULL,
	"order_id" text NOT NULL,
	"line_id" text NOT NULL,
	"sku" text NOT NULL,
	"warehouse" text NOT NULL,
	"quantity" integer NOT NULL,
	"status" text NOT NULL,
	CONSTRAINT "reservations_quantity_positive" CHECK (quantity > 0),
	CONSTRAINT "reservations_status" CHECK (status in ('HELD', 'ALLOCATED', 'RELEASED'))
);
--> statement-breakpoint
CREATE TABLE "stock" (
	"sku" text NOT NULL,
	"warehouse" text NOT NULL,
	"on_hand" integer NOT NULL,
	"held" integer DEFAULT 0 NOT NULL,
	"allocated" integer DEFAULT 0 NOT NULL,
	CONSTRAINT "stock_sku_warehouse_pk" PRIMARY KEY("sku","warehouse"),
	CONSTRAINT "stock_on_hand_not_negative" CHECK (on_hand >= 0),
	CONSTRAINT "stock_held_not_negative" CHECK (held >= 0),
	CONSTRAINT "stock_allocated_not_negative" CHECK (allocated >= 0),
	CONSTRAINT "stock_covers_reservations" CHECK (held::bigint + allocated <= on_hand)
);
--> statement-breakpoint
CREATE TABLE "stock_ledger" (
	"id" text PRIMARY KEY NOT NULL,
	"sku" text NOT NULL,
	"warehouse" text NOT NULL,
	"delta" integer NOT NULL,
	"reason" text NOT NULL,
	"actor" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	CONSTRAINT "stock_ledger_moves_something" CHECK (delta <> 0)
);
--> statement-breakpoint
CREATE TABLE "stream_state" (
	"stream" text PRIMARY KEY NOT NULL,
	"created_at" text NOT NULL,
	"epoch" text NOT NULL,
	"last_sequence" bigint NOT NULL
);
--> statement-breakpoint
ALTER TABLE "stock" ADD CONSTRAINT "stock_sku_products_sku_fk" FOREIGN KEY ("sku") REFERENCES "public"."products"("sku") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "outbox_unpublished" ON "outbox" USING btree ("position") WHERE published_at is null;--> statement-breakpoint
CREATE INDEX "outbox_stream_sequence" ON "outbox" USING btree ("stream_sequence");--> statement-breakpoint
CREATE UNIQUE INDEX "reservations_once_per_line_and_warehouse" ON "reservations" USING btree ("order_id","line_id","warehouse");--> statement-breakpoint
CREATE INDEX "stock_ledger_place" ON "stock_ledger" USING btree ("sku","warehouse");