-- +goose Up
-- modify "service_records" table
ALTER TABLE "service_records" ADD CONSTRAINT "service_records_completed" CHECK ((status = 'COMPLETED') = (completed_at IS NOT NULL)), ADD CONSTRAINT "service_records_status" CHECK (status IN ('OPEN', 'COMPLETED')), ADD COLUMN "status" character varying NOT NULL, ADD COLUMN "status_since" timestamptz NOT NULL, ADD COLUMN "reminded_at" timestamptz NULL;
-- create index "service_records_to_remind" to table: "service_records"
CREATE INDEX "service_records_to_remind" ON "service_records" ("due_at") WHERE status = 'OPEN' AND reminded_at IS NULL AND due_at IS NOT NULL;
-- create index "servicerecord_status_created_at" to table: "service_records"
CREATE INDEX "servicerecord_status_created_at" ON "service_records" ("status", "created_at");
-- create index "servicerecord_status_status_since" to table: "service_records"
CREATE INDEX "servicerecord_status_status_since" ON "service_records" ("status", "status_since");
-- modify "staff" table
ALTER TABLE "staff" ADD CONSTRAINT "staff_totp" CHECK (totp_since IS NULL OR totp_secret IS NOT NULL), ADD COLUMN "totp_secret" bytea NULL, ADD COLUMN "totp_since" timestamptz NULL, ADD COLUMN "totp_step" bigint NOT NULL DEFAULT 0, ADD COLUMN "recovery_codes" jsonb NULL;
-- modify "users" table
ALTER TABLE "users" ADD CONSTRAINT "users_merged" CHECK (merged_into_id IS NULL OR (status = 'CLOSED' AND merged_into_id <> id)), ADD COLUMN "merged_into_id" bigint NULL, ADD CONSTRAINT "users_users_merged_users" FOREIGN KEY ("merged_into_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE SET NULL;
-- create index "user_merged_into_id" to table: "users"
CREATE INDEX "user_merged_into_id" ON "users" ("merged_into_id");
