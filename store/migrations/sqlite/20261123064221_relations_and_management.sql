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
-- create "new_service_records" table
CREATE TABLE `new_service_records` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `status` text NOT NULL, `status_since` datetime NOT NULL, `kind` text NOT NULL, `text` text NOT NULL, `due_at` datetime NULL, `completed_at` datetime NULL, `reminded_at` datetime NULL, `user_id` integer NOT NULL, `author_id` integer NULL, `assignee_id` integer NULL, CONSTRAINT `service_records_users_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE NO ACTION, CONSTRAINT `service_records_staff_author` FOREIGN KEY (`author_id`) REFERENCES `staff` (`id`) ON DELETE SET NULL, CONSTRAINT `service_records_staff_assignee` FOREIGN KEY (`assignee_id`) REFERENCES `staff` (`id`) ON DELETE SET NULL, CONSTRAINT `service_records_completed` CHECK ((status = 'COMPLETED') = (completed_at IS NOT NULL)), CONSTRAINT `service_records_kind` CHECK (kind IN ('CALL', 'VISIT', 'MESSAGE', 'COMPLAINT', 'TASK')), CONSTRAINT `service_records_status` CHECK (status IN ('OPEN', 'COMPLETED')), CONSTRAINT `service_records_version` CHECK (version > 0));
-- copy rows from old table "service_records" to new temporary table "new_service_records"
INSERT INTO `new_service_records` (`id`, `created_at`, `updated_at`, `version`, `kind`, `text`, `due_at`, `completed_at`, `user_id`, `author_id`, `assignee_id`) SELECT `id`, `created_at`, `updated_at`, `version`, `kind`, `text`, `due_at`, `completed_at`, `user_id`, `author_id`, `assignee_id` FROM `service_records`;
-- drop "service_records" table after copying rows
DROP TABLE `service_records`;
-- rename temporary table "new_service_records" to "service_records"
ALTER TABLE `new_service_records` RENAME TO `service_records`;
-- create index "servicerecord_created_at" to table: "service_records"
CREATE INDEX `servicerecord_created_at` ON `service_records` (`created_at`);
-- create index "servicerecord_status_created_at" to table: "service_records"
CREATE INDEX `servicerecord_status_created_at` ON `service_records` (`status`, `created_at`);
-- create index "servicerecord_status_status_since" to table: "service_records"
CREATE INDEX `servicerecord_status_status_since` ON `service_records` (`status`, `status_since`);
-- create index "servicerecord_user_id_created_at" to table: "service_records"
CREATE INDEX `servicerecord_user_id_created_at` ON `service_records` (`user_id`, `created_at`);
-- create index "servicerecord_assignee_id_created_at" to table: "service_records"
CREATE INDEX `servicerecord_assignee_id_created_at` ON `service_records` (`assignee_id`, `created_at`);
-- create index "servicerecord_completed_at_due_at" to table: "service_records"
CREATE INDEX `servicerecord_completed_at_due_at` ON `service_records` (`completed_at`, `due_at`);
-- create index "service_records_to_remind" to table: "service_records"
CREATE INDEX `service_records_to_remind` ON `service_records` (`due_at`) WHERE status = 'OPEN' AND reminded_at IS NULL AND due_at IS NOT NULL;
-- create index "servicerecord_kind_created_at" to table: "service_records"
CREATE INDEX `servicerecord_kind_created_at` ON `service_records` (`kind`, `created_at`);
-- create "new_staff" table
CREATE TABLE `new_staff` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `status` text NOT NULL, `status_since` datetime NOT NULL, `name` text NOT NULL, `email` text NOT NULL, `phone` blob NULL, `phone_hash` text NULL, `national_id_hash` text NULL, `password_hash` text NULL, `locale` text NOT NULL, `employee_number` text NULL, `department` text NULL, `totp_secret` blob NULL, `totp_since` datetime NULL, `totp_step` integer NOT NULL DEFAULT (0), `recovery_codes` json NULL, `company_id` integer NULL, CONSTRAINT `staff_companies_company` FOREIGN KEY (`company_id`) REFERENCES `companies` (`id`) ON DELETE SET NULL, CONSTRAINT `staff_password` CHECK (status <> 'ACTIVE' OR password_hash IS NOT NULL), CONSTRAINT `staff_phone` CHECK ((phone IS NULL) = (phone_hash IS NULL)), CONSTRAINT `staff_status` CHECK (status IN ('INVITED', 'ACTIVE', 'DEACTIVATED')), CONSTRAINT `staff_totp` CHECK (totp_since IS NULL OR totp_secret IS NOT NULL), CONSTRAINT `staff_version` CHECK (version > 0));
-- copy rows from old table "staff" to new temporary table "new_staff"
INSERT INTO `new_staff` (`id`, `created_at`, `updated_at`, `version`, `status`, `status_since`, `name`, `email`, `phone`, `phone_hash`, `national_id_hash`, `password_hash`, `locale`, `employee_number`, `department`, `company_id`) SELECT `id`, `created_at`, `updated_at`, `version`, `status`, `status_since`, `name`, `email`, `phone`, `phone_hash`, `national_id_hash`, `password_hash`, `locale`, `employee_number`, `department`, `company_id` FROM `staff`;
-- drop "staff" table after copying rows
DROP TABLE `staff`;
-- rename temporary table "new_staff" to "staff"
ALTER TABLE `new_staff` RENAME TO `staff`;
-- create index "staff_email_key" to table: "staff"
CREATE UNIQUE INDEX `staff_email_key` ON `staff` (`email`);
-- create index "staff_phone_hash_key" to table: "staff"
CREATE UNIQUE INDEX `staff_phone_hash_key` ON `staff` (`phone_hash`);
-- create index "staff_employee_number_key" to table: "staff"
CREATE UNIQUE INDEX `staff_employee_number_key` ON `staff` (`employee_number`);
-- create index "staff_created_at" to table: "staff"
CREATE INDEX `staff_created_at` ON `staff` (`created_at`);
-- create index "staff_status_created_at" to table: "staff"
CREATE INDEX `staff_status_created_at` ON `staff` (`status`, `created_at`);
-- create index "staff_status_status_since" to table: "staff"
CREATE INDEX `staff_status_status_since` ON `staff` (`status`, `status_since`);
-- create index "staff_name" to table: "staff"
CREATE INDEX `staff_name` ON `staff` (`name`);
-- create index "staff_company_id_created_at" to table: "staff"
CREATE INDEX `staff_company_id_created_at` ON `staff` (`company_id`, `created_at`);
-- create index "staff_department" to table: "staff"
CREATE INDEX `staff_department` ON `staff` (`department`);
-- create "new_users" table
CREATE TABLE `new_users` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `status` text NOT NULL, `status_since` datetime NOT NULL, `name` text NOT NULL, `email` text NULL, `phone` blob NULL, `phone_hash` text NULL, `national_id` blob NULL, `national_id_hash` text NULL, `password_hash` text NULL, `locale` text NOT NULL, `borrower` bool NOT NULL DEFAULT (false), `investor` bool NOT NULL DEFAULT (false), `tags` json NULL, `source` text NULL, `company_id` integer NULL, `account_manager_id` integer NULL, `previous_user_id` integer NULL, `joined_into_id` integer NULL, `merged_into_id` integer NULL, `created_by_id` integer NULL, CONSTRAINT `users_companies_company` FOREIGN KEY (`company_id`) REFERENCES `companies` (`id`) ON DELETE SET NULL, CONSTRAINT `users_staff_account_manager` FOREIGN KEY (`account_manager_id`) REFERENCES `staff` (`id`) ON DELETE SET NULL, CONSTRAINT `users_users_later_users` FOREIGN KEY (`previous_user_id`) REFERENCES `users` (`id`) ON DELETE SET NULL, CONSTRAINT `users_users_joined_users` FOREIGN KEY (`joined_into_id`) REFERENCES `users` (`id`) ON DELETE SET NULL, CONSTRAINT `users_users_merged_users` FOREIGN KEY (`merged_into_id`) REFERENCES `users` (`id`) ON DELETE SET NULL, CONSTRAINT `users_staff_created_by` FOREIGN KEY (`created_by_id`) REFERENCES `staff` (`id`) ON DELETE SET NULL, CONSTRAINT `users_merged` CHECK (merged_into_id IS NULL OR (status = 'CLOSED' AND merged_into_id <> id)), CONSTRAINT `users_national_id` CHECK ((national_id IS NULL) = (national_id_hash IS NULL)), CONSTRAINT `users_phone` CHECK ((phone IS NULL) = (phone_hash IS NULL)), CONSTRAINT `users_registered` CHECK (status IN ('POTENTIAL', 'CLOSED') OR (email IS NOT NULL AND phone_hash IS NOT NULL AND password_hash IS NOT NULL AND (borrower OR investor))), CONSTRAINT `users_status` CHECK (status IN ('POTENTIAL', 'PENDING_REVIEW', 'RETURNED', 'ACTIVE', 'REJECTED', 'WITHDRAWN', 'SUSPENDED', 'CLOSED')), CONSTRAINT `users_version` CHECK (version > 0));
-- copy rows from old table "users" to new temporary table "new_users"
INSERT INTO `new_users` (`id`, `created_at`, `updated_at`, `version`, `status`, `status_since`, `name`, `email`, `phone`, `phone_hash`, `national_id`, `national_id_hash`, `password_hash`, `locale`, `borrower`, `investor`, `tags`, `source`, `company_id`, `account_manager_id`, `previous_user_id`, `joined_into_id`, `created_by_id`) SELECT `id`, `created_at`, `updated_at`, `version`, `status`, `status_since`, `name`, `email`, `phone`, `phone_hash`, `national_id`, `national_id_hash`, `password_hash`, `locale`, `borrower`, `investor`, `tags`, `source`, `company_id`, `account_manager_id`, `previous_user_id`, `joined_into_id`, `created_by_id` FROM `users`;
-- drop "users" table after copying rows
DROP TABLE `users`;
-- rename temporary table "new_users" to "users"
ALTER TABLE `new_users` RENAME TO `users`;
-- create index "user_created_at" to table: "users"
CREATE INDEX `user_created_at` ON `users` (`created_at`);
-- create index "user_status_created_at" to table: "users"
CREATE INDEX `user_status_created_at` ON `users` (`status`, `created_at`);
-- create index "user_status_status_since" to table: "users"
CREATE INDEX `user_status_status_since` ON `users` (`status`, `status_since`);
-- create index "users_email_occupied" to table: "users"
CREATE UNIQUE INDEX `users_email_occupied` ON `users` (`email`) WHERE status NOT IN ('POTENTIAL', 'WITHDRAWN', 'CLOSED');
-- create index "users_phone_occupied" to table: "users"
CREATE UNIQUE INDEX `users_phone_occupied` ON `users` (`phone_hash`) WHERE status NOT IN ('POTENTIAL', 'WITHDRAWN', 'CLOSED');
-- create index "users_national_id_occupied" to table: "users"
CREATE UNIQUE INDEX `users_national_id_occupied` ON `users` (`national_id_hash`) WHERE status NOT IN ('POTENTIAL', 'WITHDRAWN', 'CLOSED');
-- create index "user_email" to table: "users"
CREATE INDEX `user_email` ON `users` (`email`);
-- create index "user_phone_hash" to table: "users"
CREATE INDEX `user_phone_hash` ON `users` (`phone_hash`);
-- create index "user_national_id_hash" to table: "users"
CREATE INDEX `user_national_id_hash` ON `users` (`national_id_hash`);
-- create index "user_name" to table: "users"
CREATE INDEX `user_name` ON `users` (`name`);
-- create index "user_company_id_created_at" to table: "users"
CREATE INDEX `user_company_id_created_at` ON `users` (`company_id`, `created_at`);
-- create index "user_account_manager_id_created_at" to table: "users"
CREATE INDEX `user_account_manager_id_created_at` ON `users` (`account_manager_id`, `created_at`);
-- create index "user_previous_user_id" to table: "users"
CREATE INDEX `user_previous_user_id` ON `users` (`previous_user_id`);
-- create index "user_joined_into_id" to table: "users"
CREATE INDEX `user_joined_into_id` ON `users` (`joined_into_id`);
-- create index "user_merged_into_id" to table: "users"
CREATE INDEX `user_merged_into_id` ON `users` (`merged_into_id`);
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
