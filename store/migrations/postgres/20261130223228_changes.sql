-- +goose Up
-- modify "service_requests" table
ALTER TABLE "service_requests" ADD COLUMN "decision_reason" character varying NULL, ADD COLUMN "quoted_on" character varying NULL, ADD COLUMN "quoted_amount" bigint NULL;
