-- +goose NO TRANSACTION
-- +goose Up
-- disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- create "new_events" table
CREATE TABLE `new_events` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `subject_type` text NOT NULL, `subject_id` integer NOT NULL, `kind` text NOT NULL, `actor_type` text NOT NULL, `actor_id` integer NOT NULL DEFAULT (0), `actor_name` text NULL, `from_status` text NULL, `to_status` text NULL, `reason` text NULL, `note` text NULL, `changes` json NULL, `address` text NULL, `request_id` text NULL, `at` datetime NOT NULL, `position` integer NULL, `seal` blob NULL, `user_id` integer NULL, CONSTRAINT `events_users_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE SET NULL, CONSTRAINT `events_actor` CHECK (actor_type IN ('User', 'Staff', 'ApiKey', 'SystemActor', 'Anonymous')), CONSTRAINT `events_kind` CHECK (kind <> ''), CONSTRAINT `events_sealed` CHECK ((position IS NULL) = (seal IS NULL)));
-- copy rows from old table "events" to new temporary table "new_events"
INSERT INTO `new_events` (`id`, `subject_type`, `subject_id`, `kind`, `actor_type`, `actor_id`, `actor_name`, `from_status`, `to_status`, `reason`, `note`, `changes`, `address`, `request_id`, `at`, `user_id`) SELECT `id`, `subject_type`, `subject_id`, `kind`, `actor_type`, `actor_id`, `actor_name`, `from_status`, `to_status`, `reason`, `note`, `changes`, `address`, `request_id`, `at`, `user_id` FROM `events`;
-- drop "events" table after copying rows
DROP TABLE `events`;
-- rename temporary table "new_events" to "events"
ALTER TABLE `new_events` RENAME TO `events`;
-- create index "event_subject_type_subject_id_id" to table: "events"
CREATE INDEX `event_subject_type_subject_id_id` ON `events` (`subject_type`, `subject_id`, `id`);
-- create index "event_user_id_id" to table: "events"
CREATE INDEX `event_user_id_id` ON `events` (`user_id`, `id`);
-- create index "event_kind_id" to table: "events"
CREATE INDEX `event_kind_id` ON `events` (`kind`, `id`);
-- create index "event_at" to table: "events"
CREATE INDEX `event_at` ON `events` (`at`);
-- create index "event_position" to table: "events"
CREATE UNIQUE INDEX `event_position` ON `events` (`position`);
-- create index "events_to_be_sealed" to table: "events"
CREATE INDEX `events_to_be_sealed` ON `events` (`id`) WHERE position IS NULL;
-- create "backups" table
CREATE TABLE `backups` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `status` text NOT NULL, `status_since` datetime NOT NULL, `file` text NOT NULL, `scheduled` bool NOT NULL, `verify` bool NOT NULL, `size` integer NULL, `sha256` text NULL, `finished_at` datetime NULL, `verified_at` datetime NULL, `error` text NULL, `created_by_id` integer NULL, CONSTRAINT `backups_staff_created_by` FOREIGN KEY (`created_by_id`) REFERENCES `staff` (`id`) ON DELETE SET NULL, CONSTRAINT `backups_finished` CHECK ((status = 'RUNNING') = (finished_at IS NULL)), CONSTRAINT `backups_size` CHECK (size >= 0), CONSTRAINT `backups_status` CHECK (status IN ('RUNNING', 'SUCCEEDED', 'VERIFIED', 'FAILED')), CONSTRAINT `backups_version` CHECK (version > 0));
-- create index "backup_created_at" to table: "backups"
CREATE INDEX `backup_created_at` ON `backups` (`created_at`);
-- create index "backup_status_created_at" to table: "backups"
CREATE INDEX `backup_status_created_at` ON `backups` (`status`, `created_at`);
-- create index "backup_status_status_since" to table: "backups"
CREATE INDEX `backup_status_status_since` ON `backups` (`status`, `status_since`);
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
-- enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;
