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
CREATE TABLE "notifications" (
	"id" text PRIMARY KEY NOT NULL,
	"order_id" text NOT NULL,
	"customer_id" text NOT NULL,
	"order_number" text NOT NULL,
	"kind" text NOT NULL,
	"channel" text NOT NULL,
	"recipient" text NOT NULL,
	"recipient_name" text NOT NULL,
	"subject" text NOT NULL,
	"content" json NOT NULL,
	"status" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"due_at" timestamp with time zone,
	"tries" integer DEFAULT 0 NOT NULL,
	"sent_at" timestamp with time zone,
	"failure" text,
	CONSTRAINT "notifications_once" UNIQUE("order_id","kind","recipient","channel"),
	CONSTRAINT "notifications_kind" CHECK (kind in ('ORDER_CONFIRMED', 'ORDER_REJECTED', 'ORDER_EXPIRED', 'ORDER_CANCELLED')),
	CONSTRAINT "notifications_content" CHECK (content ->> 'kind' = kind),
	CONSTRAINT "notifications_channel" CHECK (channel = 'EMAIL'),
	CONSTRAINT "notifications_status" CHECK (status in ('PENDING', 'SENT', 'FAILED')),
	CONSTRAINT "notifications_due" CHECK ((status = 'PENDING') = (due_at is not null)),
	CONSTRAINT "notifications_sent" CHECK ((status = 'SENT') = (sent_at is not null)),
	CONSTRAINT "notifications_failed" CHECK (status <> 'FAILED' or failure is not null),
	CONSTRAINT "notifications_tries" CHECK (tries >= 0)
);
--> statement-breakpoint
CREATE INDEX "notifications_due_at" ON "notifications" USING btree ("due_at") WHERE status = 'PENDING';--> statement-breakpoint
CREATE INDEX "notifications_of_customer" ON "notifications" USING btree ("customer_id","id");