-- +goose Up
-- modify "disbursements" table
ALTER TABLE "disbursements" ADD COLUMN "accepted_at" timestamptz NULL;
