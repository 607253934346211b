CREATE TABLE "api_keys" (
	"prefix" text PRIMARY KEY NOT NULL,
	"partner_id" text NOT NULL,
	"hash" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ends_at" timestamp with time zone,
	"revoked_at" timestamp with time zone,
	CONSTRAINT "api_keys_hash" CHECK (hash ~ '^[0-9a-f]{64}$')
);
--> statement-breakpoint
CREATE TABLE "manifests" (
	"partner_id" text NOT NULL,
	"version" integer NOT NULL,
	"form" text NOT NULL,
	"operation_count" integer NOT NULL,
	"previous_version" integer,
	"published_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "manifests_partner_id_version_pk" PRIMARY KEY("partner_id","version"),
	CONSTRAINT "manifests_version" CHECK (version >= 1),
	CONSTRAINT "manifests_form" CHECK (form in ('apollo', 'relay')),
	CONSTRAINT "manifests_previous" CHECK (previous_version < version)
);
--> statement-breakpoint
CREATE TABLE "operations" (
	"partner_id" text NOT NULL,
	"version" integer NOT NULL,
	"id" text NOT NULL,
	"name" text NOT NULL,
	"type" text NOT NULL,
	"text" text NOT NULL,
	"types" text NOT NULL,
	CONSTRAINT "operations_partner_id_version_id_pk" PRIMARY KEY("partner_id","version","id"),
	CONSTRAINT "operations_type" CHECK (type in ('query', 'mutation', 'subscription'))
);
--> statement-breakpoint
CREATE TABLE "partner_revision" (
	"singleton" boolean PRIMARY KEY DEFAULT true NOT NULL,
	"revision" bigint NOT NULL,
	CONSTRAINT "partner_revision_singleton" CHECK (singleton)
);
--> statement-breakpoint
CREATE TABLE "partners" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"plan" text NOT NULL,
	"scopes" text[] NOT NULL,
	"status" text NOT NULL,
	"active_version" integer,
	"revision" bigint NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"revoked_at" timestamp with time zone,
	CONSTRAINT "partners_name_unique" UNIQUE("name"),
	CONSTRAINT "partners_revision_unique" UNIQUE("revision"),
	CONSTRAINT "partners_name" CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$'),
	CONSTRAINT "partners_status" CHECK (status in ('ACTIVE', 'REVOKED')),
	CONSTRAINT "partners_revoked" CHECK ((status = 'REVOKED') = (revoked_at is not null))
);
--> statement-breakpoint
CREATE TABLE "usage" (
	"day" date NOT NULL,
	"partner" text NOT NULL,
	"client" text NOT NULL,
	"digest" text NOT NULL,
	"requests" bigint NOT NULL,
	"last_used_at" timestamp with time zone NOT NULL,
	CONSTRAINT "usage_partner_day_client_digest_pk" PRIMARY KEY("partner","day","client","digest"),
	CONSTRAINT "usage_requests" CHECK (requests > 0)
);
--> statement-breakpoint
CREATE TABLE "used_operations" (
	"digest" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"type" text NOT NULL,
	"fields" text[] NOT NULL,
	"first_used_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_partner_id_partners_id_fk" FOREIGN KEY ("partner_id") REFERENCES "public"."partners"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "manifests" ADD CONSTRAINT "manifests_partner_id_partners_id_fk" FOREIGN KEY ("partner_id") REFERENCES "public"."partners"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "operations" ADD CONSTRAINT "operations_manifest" FOREIGN KEY ("partner_id","version") REFERENCES "public"."manifests"("partner_id","version") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "partners" ADD CONSTRAINT "partners_active_manifest" FOREIGN KEY ("id","active_version") REFERENCES "public"."manifests"("partner_id","version") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "api_keys_of_partner" ON "api_keys" USING btree ("partner_id");--> statement-breakpoint
CREATE INDEX "usage_of_operation" ON "usage" USING btree ("digest");--> statement-breakpoint
CREATE INDEX "used_operations_fields" ON "used_operations" USING gin ("fields");