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
CREATE TABLE "inbox" (
	"consumer" text NOT NULL,
	"event_id" text NOT NULL,
	"processed_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "inbox_consumer_event_id_pk" PRIMARY KEY("consumer","event_id")
);
--> statement-breakpoint
CREATE TABLE "order_events" (
	"id" text PRIMARY KEY NOT NULL,
	"type" text NOT NULL,
	"data_version" integer NOT NULL,
	"order_id" text NOT NULL,
	"time" timestamp with time zone NOT NULL,
	"data" json NOT NULL,
	"recorded_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sales" (
	"order_id" text PRIMARY KEY NOT NULL,
	"confirmed_at" timestamp with time zone,
	"cancelled_at" timestamp with time zone,
	"total_minor" bigint,
	"currency" text,
	CONSTRAINT "sales_known" CHECK (confirmed_at is not null or cancelled_at is not null),
	CONSTRAINT "sales_total" CHECK ((confirmed_at is null) = (total_minor is null)),
	CONSTRAINT "sales_currency" CHECK ((confirmed_at is null) = (currency is null)),
	CONSTRAINT "sales_total_sign" CHECK (total_minor >= 0)
);
--> statement-breakpoint
CREATE TABLE "sales_lines" (
	"order_id" text NOT NULL,
	"line_id" text NOT NULL,
	"day" date NOT NULL,
	"sku" text NOT NULL,
	"name" text NOT NULL,
	"units" integer NOT NULL,
	"revenue_minor" bigint NOT NULL,
	"currency" text NOT NULL,
	"country_code" text NOT NULL,
	"channel" text NOT NULL,
	CONSTRAINT "sales_lines_order_id_line_id_pk" PRIMARY KEY("order_id","line_id"),
	CONSTRAINT "sales_lines_units" CHECK (units > 0),
	CONSTRAINT "sales_lines_revenue" CHECK (revenue_minor >= 0),
	CONSTRAINT "sales_lines_currency" CHECK (length(currency) = 3)
);
--> statement-breakpoint
CREATE INDEX "sales_cancelled" ON "sales" USING btree ("order_id") WHERE cancelled_at is not null;--> statement-breakpoint
CREATE INDEX "sales_lines_day" ON "sales_lines" USING btree ("day");