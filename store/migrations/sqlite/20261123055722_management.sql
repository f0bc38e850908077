-- +goose NO TRANSACTION
-- +goose Up
-- create "backups" table
CREATE TABLE `backups` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `status` text NOT NULL, `status_since` datetime NOT NULL, `file` text NOT NULL, `scheduled` bool NOT NULL, `verify` bool NOT NULL, `size` integer NULL, `sha256` text NULL, `finished_at` datetime NULL, `verified_at` datetime NULL, `error` text NULL, `created_by_id` integer NULL, CONSTRAINT `backups_staff_created_by` FOREIGN KEY (`created_by_id`) REFERENCES `staff` (`id`) ON DELETE SET NULL, CONSTRAINT `backups_finished` CHECK ((status = 'RUNNING') = (finished_at IS NULL)), CONSTRAINT `backups_size` CHECK (size >= 0), CONSTRAINT `backups_status` CHECK (status IN ('RUNNING', 'SUCCEEDED', 'VERIFIED', 'FAILED')), CONSTRAINT `backups_version` CHECK (version > 0));
-- create index "backup_created_at" to table: "backups"
CREATE INDEX `backup_created_at` ON `backups` (`created_at`);
-- create index "backup_status_created_at" to table: "backups"
CREATE INDEX `backup_status_created_at` ON `backups` (`status`, `created_at`);
-- create index "backup_status_status_since" to table: "backups"
CREATE INDEX `backup_status_status_since` ON `backups` (`status`, `status_since`);
-- create "event_links" table
CREATE TABLE `event_links` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `hash` blob NOT NULL, `event_id` integer NOT NULL, CONSTRAINT `event_links_events_event` FOREIGN KEY (`event_id`) REFERENCES `events` (`id`) ON DELETE NO ACTION);
-- create index "eventlink_event_id" to table: "event_links"
CREATE UNIQUE INDEX `eventlink_event_id` ON `event_links` (`event_id`);
-- create "webhooks" table
CREATE TABLE `webhooks` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `url` text NOT NULL, `kinds` json NOT NULL, `active` bool NOT NULL DEFAULT (true), `secret` blob NOT NULL, `deleted_at` datetime NULL, `created_by_id` integer NULL, CONSTRAINT `webhooks_staff_created_by` FOREIGN KEY (`created_by_id`) REFERENCES `staff` (`id`) ON DELETE SET NULL, CONSTRAINT `webhooks_url` CHECK (url <> ''), CONSTRAINT `webhooks_version` CHECK (version > 0));
-- create index "webhook_created_at" to table: "webhooks"
CREATE INDEX `webhook_created_at` ON `webhooks` (`created_at`);
-- create "webhook_deliveries" table
CREATE TABLE `webhook_deliveries` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `state` text NOT NULL, `attempts` integer NOT NULL DEFAULT (0), `status` integer NULL, `error` text NULL, `finished_at` datetime NULL, `webhook_id` integer NOT NULL, `event_id` integer NULL, CONSTRAINT `webhook_deliveries_webhooks_webhook` FOREIGN KEY (`webhook_id`) REFERENCES `webhooks` (`id`) ON DELETE NO ACTION, CONSTRAINT `webhook_deliveries_events_event` FOREIGN KEY (`event_id`) REFERENCES `events` (`id`) ON DELETE SET NULL, CONSTRAINT `webhook_deliveries_attempts` CHECK (attempts >= 0), CONSTRAINT `webhook_deliveries_finished` CHECK ((state = 'WAITING') = (finished_at IS NULL)), CONSTRAINT `webhook_deliveries_state` CHECK (state IN ('WAITING', 'DELIVERED', 'FAILED')));
-- create index "webhookdelivery_created_at" to table: "webhook_deliveries"
CREATE INDEX `webhookdelivery_created_at` ON `webhook_deliveries` (`created_at`);
-- create index "webhookdelivery_webhook_id_created_at" to table: "webhook_deliveries"
CREATE INDEX `webhookdelivery_webhook_id_created_at` ON `webhook_deliveries` (`webhook_id`, `created_at`);
-- create index "webhookdelivery_event_id" to table: "webhook_deliveries"
CREATE INDEX `webhookdelivery_event_id` ON `webhook_deliveries` (`event_id`);
-- create index "webhookdelivery_state_created_at" to table: "webhook_deliveries"
CREATE INDEX `webhookdelivery_state_created_at` ON `webhook_deliveries` (`state`, `created_at`);
