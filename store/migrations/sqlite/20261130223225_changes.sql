-- +goose NO TRANSACTION
-- +goose Up
-- add column "decision_reason" to table: "service_requests"
ALTER TABLE `service_requests` ADD COLUMN `decision_reason` text NULL;
-- add column "quoted_on" to table: "service_requests"
ALTER TABLE `service_requests` ADD COLUMN `quoted_on` text NULL;
-- add column "quoted_amount" to table: "service_requests"
ALTER TABLE `service_requests` ADD COLUMN `quoted_amount` integer NULL;
