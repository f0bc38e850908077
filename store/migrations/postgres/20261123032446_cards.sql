-- +goose Up
-- modify "bank_card_attempts" table
ALTER TABLE "bank_card_attempts" ADD CONSTRAINT "bank_card_attempts_amount" CHECK (amount > 0), ADD CONSTRAINT "bank_card_attempts_asks" CHECK (asks >= 0), ADD CONSTRAINT "bank_card_attempts_payment" CHECK ((amount IS NULL) = (currency IS NULL)), ADD COLUMN "amount" bigint NULL, ADD COLUMN "currency" character varying NULL, ADD COLUMN "asks" bigint NOT NULL DEFAULT 0, ADD COLUMN "asked_at" timestamptz NULL;
-- create index "bank_card_attempts_open" to table: "bank_card_attempts"
CREATE UNIQUE INDEX "bank_card_attempts_open" ON "bank_card_attempts" ("bank_card_id") WHERE finished_at IS NULL;
-- drop index "bank_cards_number_bound" from table: "bank_cards"
DROP INDEX "bank_cards_number_bound";
-- modify "bank_cards" table
ALTER TABLE "bank_cards" ADD COLUMN "national_id" bytea NULL;
-- create index "bank_cards_number_held" to table: "bank_cards"
CREATE UNIQUE INDEX "bank_cards_number_held" ON "bank_cards" ("number_hash") WHERE status IN ('PENDING_REVIEW', 'PENDING_BINDING', 'BOUND');
